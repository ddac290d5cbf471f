-- Ten questions to an online shop's support, and the topic of each.
return {
  theme = "questions to an online shop's support",
  items = {
    "Where is my parcel, it should have arrived on Tuesday?",
    "How do I send back shoes that are one size too small?",
    "Can I pay in three instalments with my credit card?",
    "Why was my discount code refused at the checkout?",
    "How can I change the address of an order from this morning?",
    "Does the blue winter jacket come in extra large?",
    "What does the two-year guarantee on the kettle include?",
    "How do I reset the password of my customer account?",
    "The lamp came with a broken shade, who replaces it?",
    "Do you ship to Norway and who pays the customs duty?",
  },
  summary = {
    "Delivery dates", "Returned goods", "Payment methods", "Discount codes", "Order changes",
    "Product sizes",
    "Product guarantees", "Customer accounts", "Damaged goods", "Shipping abroad",
  },
}
