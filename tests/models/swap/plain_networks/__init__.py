"""The published networks in plain numpy, written from their descriptions.

Nothing here imports the package. Each module draws one architecture's image from
`arithmetic.Weights`, in the words of the published tables: Down, Up, Res, Out.
"""
