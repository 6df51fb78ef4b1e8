"""Settings of Sphinx for the site; build.py copies them beside the pages that it writes."""

project = "Watched Kettle"
extensions = ["myst_parser"]
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
exclude_patterns = ["theme"]
html_theme = "theme"
html_theme_path = ["."]
html_title = "Watched Kettle"
html_show_copyright = False
html_copy_source = False
html_use_index = False
html_permalinks = False
nitpicky = True


def setup(app):
    """Mend the pages that Sphinx writes."""
    app.connect("html-page-context", mended)


def mended(app, page, template, context, doctree):
    """Let the Tab key reach what scrolls sideways, and leave out headings without words."""
    body = context.get("body", "")
    context["body"] = (
        body.replace('<div class="highlight"><pre>', '<div class="highlight"><pre tabindex="0">')
        .replace('<table class="docutils', '<div class="wk-wide" tabindex="0"><table class="docutils')
        .replace("</table>", "</table></div>")
        .replace('<th class="head"><p></p></th>', "<td></td>")  # the corner of a table heads nothing
    )
