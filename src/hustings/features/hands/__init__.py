"""Hands: who asks to speak, in which order, and who was called up. Read `model`, then `studio`, then `panel.js`."""
