"""Three players and the playlists, while parts of the server die. `bench/figures/kills.py` kills them."""
