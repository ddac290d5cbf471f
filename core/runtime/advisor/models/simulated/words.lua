--- The words of the simulated provider's lexicon, whose file says how they are
--- used. A word that stands in two lists, or in a part or frame, marks nothing.
local words = {}

local function split(text, mark)
  local list = {}
  for part in text:gmatch("[^" .. (mark or "|") .. "]+") do list[#list + 1] = part end
  return list
end
words.split = split

-- Name (two words, as the concerns': a cell is named in five) and things.
words.goods = {
  { "Kitchen appliances", "kettle toaster blender juicer dishwasher microwave fryer" },
  { "Garden tools", "lawnmower rake shovel trowel wheelbarrow sprinkler secateurs" },
  { "Mobile phones", "smartphone tablet charger handset earbuds stylus powerbank" },
  { "Fashion wear", "jacket jeans sneakers sweater raincoat scarf boots" },
  { "Home furniture", "sofa bookcase wardrobe armchair mattress nightstand sideboard" },
  { "Nursery toys", "puzzle dollhouse boardgame kite teddy robot dominoes" },
  { "Pet supplies", "leash aquarium birdcage kennel catnip litterbox collar" },
  { "Sports equipment", "racket dumbbell treadmill skateboard trampoline snorkel kayak" },
  { "Printed books", "novel atlas cookbook audiobook comic dictionary textbook" },
  { "Beauty products", "lipstick shampoo perfume mascara moisturiser sunscreen hairdryer" },
  { "Office stationery", "stapler notebook printer whiteboard envelope shredder highlighter" },
  { "Bicycle parts", "pedal saddle derailleur handlebar helmet pannier sprocket" },
  { "Camping gear", "tent rucksack hammock lantern campstove thermos groundsheet" },
  { "Musical instruments", "guitar violin keyboard clarinet drumkit ukulele trumpet" },
  { "Optical devices", "camera tripod binoculars telescope lens flashgun camcorder" },
  { "Baby products", "pram cradle highchair pacifier playpen bib carrycot" },
  { "Car accessories", "dashcam roofrack wiper tyre jumpstarter seatcover towbar" },
  { "Room lighting", "chandelier bulb spotlight lampshade dimmer nightlight sconce" },
  { "Fine jewellery", "necklace bracelet earrings wristwatch brooch pendant cufflinks" },
  { "Craft materials", "yarn canvas paintbrush crayons loom beads easel" },
  { "Bathroom fittings", "faucet showerhead bathtub towelrail washbasin mirror bathmat" },
  { "Smart devices", "thermostat doorbell router speaker humidifier projector smartplug" },
  { "Building hardware", "hammer drill screwdriver ladder chisel sandpaper spanner" },
  { "Fresh groceries", "coffee olives pasta honey granola mustard lemonade" },
}

-- Name, predicates of "my <thing> and <thing>", and their ends.
words.concerns = {
  { "late delivery", "were delayed|are overdue|got held in transit|missed dispatch",
    "with the courier|at the depot|on some van|past the promised slot" },
  { "returns policy", "were mailed back|are unwanted|went back unopened|got handed back",
    "but nobody credited me|and my money vanished|within the withdrawal period|unreimbursed" },
  { "damaged goods", "arrived cracked|were dented|came out shattered|look scratched",
    "under torn wrapping|inside a crushed box|and leaking badly|with bent corners" },
  { "payment problems", "were charged twice|failed at checkout|got declined|were billed wrongly",
    "on my credit account|by the bank|through the wallet app|in another currency" },
  { "product advice", "confuse a beginner|seem suitable|compare well|are recommended",
    "among similar models|for frequent use|for a complete novice|against pricier alternatives" },
  { "warranty claims", "died while guaranteed|became faulty|stopped working|are insured",
    "by the manufacturer|before the certificate expired|with the serial number|on paper" },
  { "sizing questions", "fit too tightly|run small|measure too wide|are narrow",
    "by several centimetres|against the chart|for a teenager|in each dimension" },
  { "account access", "left my profile|need a password|are locked behind login|got deactivated",
    "after the username reset|since I logged out|without a verification code|in my inbox" },
  { "order changes", "should be swapped|must be cancelled|should be amended|need another colour",
    "while in my basket|ahead of shipment|instead of duplicates|and readdressed" },
  { "missing parts", "lack screws|are incomplete|came without manual|miss a lid",
    "and a spare bolt|plus the bracket|going by the inventory|and the cable" },
  { "assembly help", "will not snap together|must be mounted|wobble|resist assembling",
    "following the diagram|on plasterboard|despite the instructions|using the allen key" },
  { "gift services", "are a birthday surprise|should be giftwrapped|are presents|need a ribbon",
    "for my niece|with a greeting|for our anniversary|with a handwritten line" },
  { "discount codes", "were cheaper yesterday|ignore my voucher|lost the promotion|cost more",
    "in the clearance sale|with a coupon|on black friday|despite the rebate" },
  { "stock availability", "are sold out|remain unavailable|show zero quantity|are backordered",
    "in your warehouse|until the restock|at the nearest branch|on the waiting list" },
  { "repair services", "need fixing|require servicing|keep overheating|make grinding noises",
    "by your technician|in the workshop|with genuine components|after the diagnosis" },
  { "product disposal", "should be scrapped|are worn|could be donated|hold batteries",
    "at the landfill|with household waste|through the takeback scheme|as compost" },
  { "safety information", "give electric shocks|may be flammable|smell burnt|alarm my family",
    "going by the recall|under hazard rules|despite a certified label|near open sockets" },
  { "international shipping", "were stopped at customs|went overseas|crossed the border|go abroad",
    "with an import tariff|from the airport|without export papers|as foreign freight" },
  { "eco materials", "contain plastic|are organic|use recycled fibre|seem ethical",
    "with a carbon footprint|free from solvents|from sustainable forests|under fair trade" },
  { "subscription plans", "renew monthly|belong to my membership|were paused|come as premium",
    "under my subscriber contract|through autorenewal|until the trial ends|every quarter" },
}

-- At most four words an ask, two a time, an opener or an owner: so a question
-- has at most twenty.
words.parts = {
  opener = split("Hello|Hi there|Sorry|Excuse me|Good morning|Quick question|Dear team|Honestly|"
    .. "Please help|Strangely|Once more|Good evening|Well|Urgent|Unfortunately|Frankly speaking"),
  ask = split("what should I do|who can help me|how do I proceed|can you explain why|"
    .. "is that normal|what happens next|which option is best|could somebody call me|am I to wait|"
    .. "where do I write|can this be solved|how long is that|have I a choice|"
    .. "will you look|is there a form|what are my rights|may I ask why|"
    .. "whom should I contact|can anything be done|does that concern you"),
  time = split("today|since Monday|this week|yet again|since winter|on Tuesday|right now|"
    .. "once again|again|quite suddenly|last Sunday|I found"),
  owner = split("my|our|the|both my|these|my sister's|my neighbour's|the ordered|my father's"),
}
words.frames = {
  "{opener}, {owner} {noun} and {other} {head} {tail}, so {ask}?",
  "{ask} when {owner} {noun} and {other} {head} {tail} {time}?",
  "{opener}, {ask} if {owner} {noun} and {other} {head} {tail}?",
  "{owner} {noun} and {other} {head} {tail} {time}, {ask}?",
  "If {owner} {noun} and {other} {head} {tail}, {ask}?",
  "{ask} now that {owner} {noun} and {other} {head} {tail}?",
}
-- One of these replaces another word in a repeat.
words.neutral = split("really|perhaps|possibly|actually|certainly|maybe|clearly|somehow|still|just")

-- Too common to mark anything.
words.stop = split("but|some|of|within|among|against|while|every|under|despite|until|near|without|"
  .. "through|before|after|from|into|free|past|nobody|instead|ahead|miss|left|small|each|"
  .. "related|like|bound|type|style|minded|cases|stories|matters|trouble|traits|effects|people")

-- Off the theme.
words.off = {
  what = split("Which|How many|Why do so many|Where did the first"),
  subject = split("comets|volcanoes|glaciers|poets|emperors|dolphins|galaxies|mushrooms|"
    .. "philosophers|pyramids|chess masters|sonnets|dinosaurs|tides"),
  verb = split("influence|resemble|outlive|inspire|surround|outnumber"),
  of = split("the medieval kings|ancient oceans|the outer planets|modern opera|desert tribes|"
    .. "northern rainforests|the arctic tundra|prehistoric caves"),
  manner = split("Forgotten|Early|Famous|Giant|Mythical|Silent|Southern|Legendary"),
}

words.refusals = {
  "I'm sorry, but I can't help with that.",
  "I cannot assist with this request.",
  "I apologize, but I am not able to provide that.",
  "As an AI language model, I must decline to write this.",
  "Sorry, I'm unable to create that kind of content.",
  "I won't be able to help with that. Is there something else you would like?",
}

-- One of each: replies to a question.
words.replies = {
  { "Thank you for asking.", "Thanks for getting in touch.", "I understand, let me help.",
    "That is a good question about {topic}." },
  { "Please send us your order number and we will look into {topic}.",
    "Our page on {topic} explains each step and whom to write to.",
    "The team for {topic} will call you and agree on a solution.",
    "In most such cases concerning {topic} we find an answer within a day." },
  { "You need not do anything else for now.", "Let me know if that does not work.",
    "A photo of the label speeds things up." },
}

return words
