"""Inspection of a page: by axe-core, at two widths, in light and dark, and by its own structure."""

from functools import cache

from playwright.sync_api import Page, ViewportSize

from tests.validator import AXE

WIDE = ViewportSize(width=1200, height=844)
NARROW = ViewportSize(width=360, height=740)


@cache
def _axe() -> str:
    return AXE.read_text()


def inspect(page: Page) -> None:
    """Assert that nobody is kept from using the page as it is now.

    At both widths axe-core looks for everything that it knows, and in dark mode for the contrast.
    """
    before = page.viewport_size
    faults: list[str] = []
    if AXE.exists() and not page.evaluate("'axe' in window"):
        page.evaluate(f"() => {{ {_axe()} }}")
    for size in (WIDE, NARROW):
        page.set_viewport_size(size)
        width = size["width"]
        faults += [f"{width} px: {fault}" for fault in page.evaluate(STRUCTURE)]
        if AXE.exists():
            faults += [f"{width} px: {fault}" for fault in page.evaluate(SERIOUS, [])]
            page.emulate_media(color_scheme="dark")
            dark = page.evaluate(SERIOUS, ["color-contrast", "link-in-text-block"])
            faults += [f"{width} px, dark: {fault}" for fault in dark]
            page.emulate_media(color_scheme="light")
    page.set_viewport_size(before or WIDE)
    assert not faults, "\n".join((page.url, *faults))


SERIOUS = """async (rules) => {
  const options = {resultTypes: ["violations"]};
  if (rules.length) options.runOnly = {type: "rule", values: rules};
  const {violations} = await axe.run(document, options);
  return violations
    .filter(({impact}) => impact === "serious" || impact === "critical")
    .flatMap(({id, help, nodes}) => nodes.map(({html}) => `${id}: ${help}: ${html.slice(0, 200)}`));
}"""

STRUCTURE = """() => {
  const all = (selector) => [...document.querySelectorAll(selector)];
  const faults = [];
  const expect = (right, fault) => { if (!right) faults.push(fault); };
  const overflow = document.documentElement.scrollWidth - window.innerWidth;
  expect(overflow <= 0, `scrolls sideways by ${overflow} px`);
  expect(document.documentElement.lang, "no language");
  expect(document.title.trim(), "no title");
  expect(all("main").length === 1, "not one main");
  expect(all("header").length === 1, "not one header");
  expect(all("h1").length === 1, "not one h1");
  let level = 0;
  for (const heading of all("h1, h2, h3, h4")) {
    const own = Number(heading.tagName[1]);
    expect(own <= level + 1, `a level is left out before "${heading.textContent}"`);
    level = own;
  }
  for (const input of all("input:not([type=hidden]), select, textarea")) {
    const label = input.labels.length || input.getAttribute("aria-label");
    expect(label, `no label for ${input.name}`);
  }
  for (const one of all("a, button, summary")) {
    expect((one.getAttribute("aria-label") || one.textContent).trim(), `no name: ${one.outerHTML}`);
  }
  for (const one of all("[aria-labelledby], [aria-describedby]")) {
    const of = one.getAttribute("aria-labelledby") || one.getAttribute("aria-describedby");
    expect(document.getElementById(of), `${of} is not there`);
  }
  for (const table of all("table")) expect(table.caption, "a table without a caption");
  const ids = all("[id]").map((one) => one.id);
  for (const id of ids) expect(ids.indexOf(id) === ids.lastIndexOf(id), `${id} is there twice`);
  return faults;
}"""
