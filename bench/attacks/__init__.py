"""Those who attack, those who listen meanwhile, and what stands in front. `bench/figures/attacks.py` runs them."""
