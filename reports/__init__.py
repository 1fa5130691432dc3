"""What the synthesized app says of itself, for people: findings of rules, templates to read, differences, a picture."""
