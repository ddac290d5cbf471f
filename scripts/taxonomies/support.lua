-- What customers ask an online shop's support about.
return {
  cells = {
    { name = "Delivery dates", description = "when an order arrives or where it is" },
    { name = "Returned goods", description = "sending goods back and getting the money" },
    { name = "Payment methods", description = "ways to pay and failed payments" },
    { name = "Discount codes", description = "vouchers, codes and price reductions" },
    { name = "Order changes", description = "changing or cancelling an order" },
    { name = "Product sizes", description = "sizes, measures and fit" },
    { name = "Product guarantees", description = "guarantees and repairs" },
    { name = "Customer accounts", description = "passwords, logins and personal data" },
    { name = "Damaged goods", description = "goods that arrive broken or incomplete" },
    { name = "Shipping abroad", description = "delivery to other countries, customs and duty" },
    { name = "Gift cards", description = "buying and redeeming gift cards" },
    { name = "Product availability", description = "whether a product is in stock or comes back" },
    { name = "Store opening hours", description = "shops and their hours" },
    { name = "Invoices", description = "receipts, invoices and taxes" },
    { name = "Newsletters", description = "subscribing to news and leaving again" },
  },
}
