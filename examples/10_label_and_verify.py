# %% [markdown]
# # Label it: provenance and ethics
#
# A swap lets a face say what its owner never said. That is why it has to carry the
# truth about itself: that it is synthetic, which model made it, from which file, and
# who agreed. This chapter makes such a file, reads it, and attacks it.
#
# - **Shows**: a signed result, what others read in it, and what happens if it is
#   altered or its label is stripped.
# - **Takes**: seconds on two cores, most of them to render one image.
# - **Expect**: `valid` for the result, `altered` after one byte was changed, `unsigned`
#   after a screenshot.
#
# Data: one frame of a speaker of the clips that ship with the package (GRID corpus, CC
# BY 4.0, see `deepface_models/demo/clips/ATTRIBUTION.md`), and the preset `swap_demo`,
# whose person does not exist.

# %%
import itertools

from _common import arguments, show

import deepface_models as dfm
from deepface_models.demo import CLIPS
from deepface_models.media import read_image, read_video, write_image

args = arguments("10_label_and_verify")
frame = next(itertools.islice(read_video(CLIPS / "s1" / "bbaf2n.mpg"), 30, None)).image
write_image(args.output / "frame.png", frame)
nobody = dfm.load("swap_demo")

# %% [markdown]
# ## No consent, no swap
#
# `convert` asks who agreed. It cannot know whether that is true. But whoever writes
# nothing gets nothing, and whoever lies has signed it.

# %%
source, result = args.output / "frame.png", args.output / "nobody.png"
try:
    dfm.convert(source, result, nobody, identity="nobody", consent="")
except dfm.ProvenanceError as error:
    print(error)

# %%
dfm.convert(
    source,
    result,
    nobody,
    identity="nobody",
    consent="GRID corpus, CC BY 4.0; nobody does not exist. Course, chapter 10.",
    save_settings=False,
    progress=False,
)
show(result)

# %% [markdown]
# ## What the file says
#
# The record is written as Content Credentials (C2PA), a standard that cameras, editors
# and web sites read, too. The signature covers the pixels and the record.

# %%
found = dfm.verify(result)
print(found.summary())

# %% [markdown]
# ## Altered
#
# One bit of one pixel in the middle of the file, as an attacker would change a number
# in a document:

# %%
data = bytearray(result.read_bytes())
data[-1000] ^= 1
altered = args.output / "altered.png"
altered.write_bytes(data)
print(dfm.verify(altered).state)

# %% [markdown]
# ## Stripped
#
# A screenshot has the same pixels and no record. So has a copy on many web sites. This
# cannot be prevented, and it is the reason why *unsigned* never means *real*:

# %%
screenshot = args.output / "screenshot.png"
write_image(screenshot, read_image(result))
states = {path.stem: dfm.verify(path).state for path in (result, altered, screenshot)}
for name, state in states.items():
    print(f"{name:10} {state}")

# %% [markdown]
# ## Before you swap somebody
#
# 1. **Did both people agree**, the one in the clip and the one whose face is rendered,
#    to this use, in writing? Consent to be filmed is not consent to be swapped.
# 2. **Will those who see it know?** The signature tells programs; tell people, too: in
#    the picture, in the caption, at the beginning.
# 3. **Could it hurt**: somebody's dignity, job, vote, money? Sexual images and false
#    statements do, and in many countries both are crimes, whatever the label says.
# 4. **Could you undo it?** Who has the file, the model, the faces? Embeddings and face
#    sets identify people: delete them when the work is done.
# 5. **Is there another way?** A person who does not exist anonymizes a witness without
#    taking anybody's face.
#
# What is it good for? Films whose actors agreed, dubbing, protecting witnesses, studies
# of perception, and data for detectors: whoever builds them needs swaps whose origin is
# known.
#
# ## Try
#
# 1. Open `nobody.png` with another reader of Content Credentials. What does it show of
#    the signer, and why?
# 2. Which of the five questions does this chapter's own picture have to answer?
# 3. A friend sends a video and asks whether it is real. What can `verify` tell you?
#
# <details><summary>Answers</summary>
#
# 1. An unknown signer: the certificate was made on this computer, and nobody vouches
#    for it. The record itself can be read.
# 2. All. The speaker is a research volunteer who allowed any use of the clip by
#    license, but was not asked about swaps: so the picture shows nobody, says nothing,
#    and is labeled.
# 3. If it is signed: by what it was made, and that it was not changed since. If not:
#    nothing. Look for the source instead.
#
# </details>
