"""What makes HTML, SVG and XML inert: they are built like those of a plan in which nothing is hostile."""

from html.parser import HTMLParser
from xml.etree import ElementTree as ET

from render.inertness import log


def like(render, calm):
    """A checker of HTML, SVG or XML: tags, attributes, style sheets and scripts are those of a plan that is calm."""

    allowed = _Tree(render(calm))

    def html(shown, document):
        found = _Tree(shown)
        assert found.shapes <= allowed.shapes
        assert found.verbatim == allowed.verbatim
        assert found.destinations <= allowed.destinations
        log(found.visible)
        return found.visible

    return html


class _Tree(HTMLParser):
    def __init__(self, shown):
        super().__init__(convert_charrefs=True)
        self.shapes, self.verbatim, self.destinations, self.visible = set(), [], set(), ""
        self.within = ""
        self.feed(shown)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.within = tag
        self.shapes |= {(tag, name) for name, _ in attrs} | {(tag, "")}
        self.destinations |= {value.rstrip("0123456789") for name, value in attrs if name in ("href", "src", "style")}
        self.visible += "".join(f"{value}\n" for _, value in attrs if value)

    def handle_endtag(self, tag):
        self.within = ""
        self.visible += "\n"

    def handle_data(self, data):
        if self.within in ("style", "script"):
            self.verbatim.append(data)
        else:
            self.visible += data

    def handle_comment(self, data):
        self.shapes.add(("comment", data))

    def handle_decl(self, decl):
        self.shapes.add(("declaration", decl))

    def unknown_decl(self, data):
        self.shapes.add(("unknown", data))

    def handle_pi(self, data):
        self.shapes.add(("instruction", data))


def xml(render, calm):
    """A checker of well-formed XML with the elements and attributes of a plan that is calm."""

    def shapes(root):
        return {(element.tag, *sorted(element.attrib)) for element in root.iter()}

    allowed = shapes(ET.fromstring(render(calm)))

    def check(shown, document):
        log(shown)
        root = ET.fromstring(shown)
        assert shapes(root) <= allowed
        parts = [part for element in root.iter() for part in (*element.attrib.values(), element.text, element.tail)]
        for part in filter(None, parts):
            log(part)
        return "\n".join(filter(None, parts))

    return check
