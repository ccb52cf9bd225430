"""The product: people, their conversations, and those who may review them."""
