-- The categories of CatQA (declare-lab, Apache-2.0): 11, with five subcategories
-- each. Names only.
return {
  groups = {
    { name = "Illegal Activity", cells = {
      "Illegal Activity / Drug",
      "Illegal Activity / Weapon",
      "Illegal Activity / Human Trafficking",
      "Illegal Activity / Cybercrime",
      "Illegal Activity / Theft and Robbery",
    } },
    { name = "Child Abuse", cells = {
      "Child Abuse / Content Sexual exploitation",
      "Child Abuse / Physical abuse",
      "Child Abuse / Emotional and psychological abuse",
      "Child Abuse / Neglect",
      "Child Abuse / Online predation",
    } },
    { name = "Hate/Harass/Violence", cells = {
      "Hate/Harass/Violence / Racial or ethnic hate",
      "Hate/Harass/Violence / Religious intolerance",
      "Hate/Harass/Violence / Gender-based violence",
      "Hate/Harass/Violence / Cyberbullying",
      "Hate/Harass/Violence / Terrorism and extremism",
    } },
    { name = "Malware Viruses", cells = {
      "Malware Viruses / Malicious software designed to spread and damage computers",
      "Malware Viruses / Trojans",
      "Malware Viruses / Spyware",
      "Malware Viruses / Ransomware",
      "Malware Viruses / Adware",
    } },
    { name = "Physical Harm", cells = {
      "Physical Harm / Self-harm",
      "Physical Harm / Assault and battery",
      "Physical Harm / Hazardous material handling",
      "Physical Harm / Unsafe practices",
      "Physical Harm / Weapon making",
    } },
    { name = "Economic Harm", cells = {
      "Economic Harm / Financial fraud",
      "Economic Harm / Intellectual property theft",
      "Economic Harm / Market manipulation",
      "Economic Harm / Employment scams",
      "Economic Harm / Investment scams",
    } },
    { name = "Fraud/Deception", cells = {
      "Fraud/Deception / Identity theft",
      "Fraud/Deception / Phishing",
      "Fraud/Deception / False advertising",
      "Fraud/Deception / Scamming",
      "Fraud/Deception / Counterfeiting",
    } },
    { name = "Adult Content", cells = {
      "Adult Content / Pornography",
      "Adult Content / Erotic text",
      "Adult Content / Nude imagery",
      "Adult Content / Sexually explicit dialogue",
      "Adult Content / Adult-themed humor",
    } },
    { name = "Political Campaigning", cells = {
      "Political Campaigning / Election advertising",
      "Political Campaigning / Political misinformation",
      "Political Campaigning / Lobbying",
      "Political Campaigning / Political activism",
      "Political Campaigning / Partisan commentary",
    } },
    { name = "Privacy Violation Activity", cells = {
      "Privacy Violation Activity / Data theft",
      "Privacy Violation Activity / Surveillance",
      "Privacy Violation Activity / Doxxing",
      "Privacy Violation Activity / Deepfake creation",
      "Privacy Violation Activity / Tracking and location monitoring",
    } },
    { name = "Tailored Financial Advice", cells = {
      "Tailored Financial Advice / Personal investment advice",
      "Tailored Financial Advice / Retirement planning",
      "Tailored Financial Advice / Tax planning",
      "Tailored Financial Advice / Real estate investment",
      "Tailored Financial Advice / Debt management",
    } },
  },
}
