"""Texts of the model cards: sources, licenses, intended use and limitations."""

from __future__ import annotations

FACES, MNIST, FASHION = "faces", "mnist", "fashion"
VIEWS, PERSON = "views", "person"

# Descriptions of the folders of DATA.
SOURCES = {
    "congress": "official portraits of members of the US Congress (public domain)",
    "congress_historic": "members of 1863 to 1921 (public domain)",
    "london_smiling": (
        "the Face Research Lab London Set (L. DeBruine and B. Jones 2017, "
        "doi:10.6084/m9.figshare.5047666, CC BY 4.0)"
    ),
    "att_faces": "the Database of Faces (credit: AT&T Laboratories Cambridge)",
    "sfhq_t2i": "SFHQ-T2I, generated (D. Beniaguev, MIT)",
    "synthetic_people": "openpeople 0.1.2, generated (Prompt Haus, MIT)",
    "talkers": (
        "speakers of the GRID corpus (M. Cooke, J. Barker, S. Cunningham, X. Shao "
        "2006, CC BY 4.0) and of the clips named in the attribution of the talkers' "
        "folder"
    ),
}
TITLES = {
    MNIST: "MNIST (Y. LeCun, C. Cortes, C. Burges)",
    FASHION: "Fashion-MNIST (Zalando Research, MIT)",
}
# Licenses of the weights. The London set requires attribution (CC BY 4.0), as does
# AT&T's; MNIST has CC BY-SA 3.0 and Fashion-MNIST MIT.
LICENSES = {
    FACES: "CC-BY-4.0",
    MNIST: "CC-BY-SA-3.0",
    FASHION: "MIT",
    VIEWS: "CC-BY-4.0",
    PERSON: "CC-BY-4.0",
}
_PREDICTOR = (
    "Aligned with dlib's 68-point predictor, which was trained on iBUG 300-W; its "
    "terms exclude commercial use."
)
USE = {
    FACES: (
        "Trying out autoencoders on aligned faces (FaceAligner, face_type 'full') "
        "without training first; teaching; a start for training on faces of your own."
    ),
    MNIST: "Trying out autoencoders without training first; teaching.",
    FASHION: "Trying out autoencoders without training first; teaching.",
    VIEWS: "Face swaps of people who agreed to it; research; labeled fakes.",
    PERSON: (
        "Trying out `convert` right after installation; labeled fakes for detectors; "
        "hiding who speaks, with the speaker's consent."
    ),
}
NOT_FOR = {
    FACES: (
        "Recognizing, identifying or judging people; passing generated faces off as "
        "real persons; putting people into images without their consent."
    ),
    MNIST: "Reading digits.",
    FASHION: "Anything beyond demonstration.",
    VIEWS: "Swaps of people who did not agree; passing swaps off as recordings.",
    PERSON: "Deceiving anybody about who speaks; people who did not agree.",
}
LIMITS = {
    FACES: (
        "Learned from few images for some minutes: fine texture, earrings, hats, "
        "patterned backgrounds and reflections in glasses come out blurred, profiles "
        "worse than front views. Most people in the data are US politicians, so older "
        "men in suits are over-represented, women and young people are too few. Skin "
        "tone is stated only for the synthetic people, sex and age only for the London "
        "set and them, glasses only where images were found by searching for them; "
        "for all others nothing was guessed, so the figures by group are of few people."
    ),
    MNIST: "Written digits of 28 x 28 px, white on black, and nothing else.",
    FASHION: "Garments of 28 x 28 px, white on black, and nothing else.",
    VIEWS: (
        "Learned in minutes. Few of its people have several images, and these are "
        f"mostly frontal: wide turns of the head gain least. {_PREDICTOR}"
    ),
    PERSON: (
        "One person of one skin tone, from few images: expressions between these are "
        "guessed, turns of more than about 20 degrees are poor, 128 pixels. Who is "
        "replaced keeps hair, ears and the shape of the head. Measured on one speaker "
        f"only. {_PREDICTOR}"
    ),
}
