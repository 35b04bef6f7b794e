"""Registration by literals, the catalogue that reads it, notation, and the identity of code and rows."""
