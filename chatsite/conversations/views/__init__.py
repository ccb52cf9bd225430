"""What the product answers to a browser."""
