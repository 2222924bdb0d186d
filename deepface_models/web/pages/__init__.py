"""The pages of the studio, one file each; `build` makes a page."""
