"""The pages that visitors see if no app server can answer."""

from html import escape

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">{head}
<title>{title}</title>
<style>
:root {{ color-scheme: light dark }}
body {{ margin: 0; min-height: 100vh; display: grid; place-items: center;
  font: 1.0625rem/1.6 system-ui, sans-serif; background: Canvas; color: CanvasText }}
main {{ max-width: 32rem; padding: 2rem 1.5rem }}
h1 {{ font-size: 1.6rem; line-height: 1.25; margin: 0 0 .75rem; text-wrap: balance }}
p {{ margin: 0 0 .75rem }}
</style>
</head>
<body>
<main>
<h1>{title}</h1>
<p>{text}</p>
</main>
</body>
</html>
"""

RETRY_SECONDS = 30

HOLDING = _PAGE.format(
    head=f'\n<meta http-equiv="refresh" content="{RETRY_SECONDS}">',
    title="We will be back in a moment",
    text="This site is being looked after and cannot answer just now. Nothing of yours is lost. "
    "This page tries again by itself; there is nothing that you have to do.",
)


def maintenance_page(notice: str) -> str:
    """Return the holding page with a text of an operator, in which Caddy replaces nothing."""
    text = escape(notice).replace("{", "&#123;").replace("}", "&#125;")
    return _PAGE.format(
        head=f'\n<meta http-equiv="refresh" content="{RETRY_SECONDS}">',
        title="This site is under maintenance",
        text=text.replace("\n", "<br>"),
    )


UNKNOWN = _PAGE.format(
    head="",
    title="There is no site at this address",
    text="The address may be mistyped, or the site may have moved. "
    "Please check it, or ask whoever gave it to you.",
)
