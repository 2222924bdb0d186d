"""Settings of Sphinx for the site; `python docs/build.py` builds it."""

import inspect
import os
import re
import sys
from pathlib import Path

sys.path.insert(0, os.environ.get("SITE_ROOT", str(Path(__file__).parents[1])))
import deepface_models

project = "deepface_models"
author = "The deepface_models maintainers"
project_copyright = author
version = release = deepface_models.__version__

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
]
exclude_patterns = ["_generate"]
default_role = "py:obj"  # `names` in docstrings are links where they can be
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
maximum_signature_line_length = 76
python_display_short_literal_types = True
toc_object_entries = False  # the headings of the reference are the names
napoleon_use_ivar = True
napoleon_use_rtype = False
myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence"]
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

# Executed notebooks are kept beside the site, so that only changed ones run again.
nb_execution_mode = os.environ.get("SITE_NOTEBOOKS", "cache")
nb_execution_cache_path = os.environ.get("SITE_CACHE", "")
nb_execution_in_temp = True
nb_execution_timeout = 600
nb_execution_raise_on_error = True
smartquotes = False  # options and messages have straight ones
html_search_scorer = str(Path(__file__).with_name("scorer.js"))
nb_merge_streams = True
nb_output_stderr = "remove"  # what TensorFlow says when it starts

html_theme = "furo"
html_title = "deepface_models"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_show_sphinx = False
html_copy_source = False
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#00639c"},
    "dark_css_variables": {"color-brand-primary": "#7cc0ee"},
}


def _signature(app, what, name, obj, options, signature, returns):
    """Shows `__init__`, which a `__new__` of any arguments hides in Keras models."""
    if what != "class" or not isinstance(obj, type) or signature is None:
        return None
    if "*args" not in signature or "__init__" not in dir(obj):
        return None
    found = inspect.signature(obj.__init__)
    kept = [one for name, one in found.parameters.items() if name != "self"]
    return str(found.replace(parameters=kept)).removesuffix(" -> 'None'"), None


def _markup(app, what, name, obj, options, lines):
    """Docstrings are plain text: `name`s and (B, *shape) are no markup of Sphinx."""
    for number, line in enumerate(lines):
        ended = re.sub(r"(`[^`]+`)([A-Za-z]?)", _separated, line)
        lines[number] = re.sub(r"(?<![\w*`])\*(?=\w*shape)", r"\\*", ended)


def _separated(found):
    return f"{found[1]}\\ {found[2]}" if found[2] else found[1]


def setup(app):
    """Connects the hooks."""
    app.connect("autodoc-process-docstring", _markup)
    app.connect("autodoc-process-signature", _signature)
