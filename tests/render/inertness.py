"""What makes an output of each format inert, asked of a parser of that format; the answer is what a reader sees."""

import json
import re
from html import unescape
from html.parser import HTMLParser

import cmarkgfm
from cmarkgfm.cmark import Options
from markdown_it import MarkdownIt

from mfinfra.render import inert, looks

FOLDS = {"details", "summary"}
SGR = re.compile("\x1b\\[[0-9;]*m")
MARKER = re.compile(r"<!-- mfinfra:plan environment=[A-Za-z0-9%._~-]* -->")
TAGS = {"h3", "h4", "p", "strong", "ul", "li", "table", "thead", "tbody", "tr", "th", "td", "code", "pre"} | FOLDS
SUMMARY = re.compile(r"<details><summary>(<code>[^<>]*</code>|[^<>])*</summary>|</details>")
TITLES = {"Destroyed or replaced", "Blocked", "Failed checks", "Changes", "Metaflow configuration", "Warnings"}
MARKDOWN_OPTIONS = Options.CMARK_OPT_UNSAFE | Options.CMARK_OPT_FOOTNOTES
# What GitHub makes of text after Markdown: mentions, references, commits, links, emoji, formulas.
REFERENCE = re.compile(r"[@#$]|://|www\.|mailto|\b[0-9a-fA-F]{7,}\b|\b[A-Za-z]+-\d|:[\w+-]+:")
HONEST = {"Plan:", "Blocked:", "Blocked", "Destroyed", "Metaflow", "Warnings", "Guards", "The"}
OUTPUTS = {"changes", "blocked", "plan_sha256", "adopt", "create", "update", "replace", "delete", "forget"}
LEGEND = {f"  %% {look.symbol} {look.legend}" for look in (*looks.LOOKS.values(), looks.BLOCKED)}
LEGEND.add("  %% ? an action this version does not know")
MERMAID = (
    re.compile(r"flowchart LR"),
    re.compile(r"  %% ([^\W_]|[ ,/.:#;_-])*"),
    re.compile(r'  n\d+\["(([^\W_]|[ ,/.:#;_-])*)"\]:::\w+'),
    re.compile(r"  n\d+ --> n\d+"),
    re.compile(r"  classDef \w+ fill:#\w+,stroke:#\w+,color:#\w+"),
)


def log(shown):
    """What a terminal and a build log may print: no control, no bidi, nothing that a runner obeys."""
    odd = {char for char in shown if not char.isprintable() and char != "\n"}
    assert not odd
    assert not [line for line in shown.splitlines() if line.lstrip().startswith("::")]
    assert "##[" not in shown
    return shown


def text(shown, document):
    return log(shown)


def narrow(shown, document):
    """A terminal is no build log; there a value may go on in the next line, and never begins one."""
    assert all(char.isprintable() or char == "\n" for char in shown)
    assert {line.split(maxsplit=1)[0] for line in shown.splitlines() if line[:1].strip()} <= HONEST
    return shown


def coloured(shown, document):
    """Our own colours, and with them gone nothing that a terminal obeys."""
    return log(SGR.sub("", shown))


def as_json(shown, document):
    """The document itself, in ASCII."""
    assert shown.isascii()
    log(shown)
    assert json.loads(shown) == document
    return _strings(json.loads(shown))


def events(shown, document):
    """An object a line, each text of which is inert, line by line, once it is read."""
    assert shown.isascii()
    log(shown)
    for line in map(json.loads, shown.splitlines()):
        for said in _texts(line):
            for one in said.split("\n"):
                log(one)
    return _strings([json.loads(line) for line in shown.splitlines()])


def sarif(shown, document):
    assert shown.isascii()
    log(shown)
    loaded = json.loads(shown)
    for said in _texts(loaded):
        assert said.isprintable()
    for message in _messages(loaded):
        assert "](" not in message
        assert not re.search(r"(?<!\{)\{(?!\{)", message.replace("{{", ""))
    return _strings(loaded).replace("{{", "{").replace("}}", "}").replace("] (", "](")


def markdown(shown, document):
    """As GitHub reads it: no tag, link, picture or reference but our own, and every fence and fold closed."""
    log(shown)
    assert MARKER.fullmatch(shown.splitlines()[0])
    _second_opinion(shown)
    page = read(shown)
    assert {tag for tag, _ in page.seen} <= TAGS
    assert {name for _, names in page.seen for name in names} <= {"align", "lang"}
    assert len(page.comments) == 1
    assert not page.open
    assert not REFERENCE.search(page.prose), REFERENCE.search(page.prose)
    assert len(page.titles) == len(re.findall(r"(?m)^###+ ", shown)), "a block of code swallows a title"
    for title in page.titles:
        assert title in TITLES or re.match(r"\d+ |mfinfra plan: ", title)
    for block in page.diffs:
        assert all(re.match(r"[-+! ]", line) for line in block.splitlines() if line)
    return page.visible


def read(shown):
    """Markdown as GitHub's own parser reads it, with nothing filtered out."""
    page = _Page()
    page.feed(cmarkgfm.github_flavored_markdown_to_html(shown, options=MARKDOWN_OPTIONS))
    page.close()
    return page


def _second_opinion(shown):
    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(shown)
    every = [child for token in tokens for child in (token, *(token.children or ()))]
    assert not {token.type for token in every} & {"html_inline", "link_open", "image", "blockquote_open", "hr"}
    for token in every:
        if token.type == "html_block":
            assert all(MARKER.fullmatch(line) or SUMMARY.fullmatch(line) for line in token.content.splitlines())


class _Page(HTMLParser):
    """What a page is made of, and what of its text is code."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.seen, self.comments, self.open, self.titles, self.diffs = set(), [], [], [], []
        self.visible, self.prose = "", ""

    def handle_starttag(self, tag, attrs):
        self.seen.add((tag, tuple(name for name, _ in attrs)))
        if tag not in ("br", "img", "meta", "input", "link"):
            self.open.append((tag, dict(attrs)))
        if tag in ("h3", "h4"):
            self.titles.append("")
        if tag == "pre" and ("lang", "diff") in attrs:
            self.diffs.append("")

    def handle_endtag(self, tag):
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop()[0] == tag

    def handle_comment(self, data):
        self.comments.append(data)

    def handle_decl(self, decl):
        self.seen.add(("!", (decl,)))

    def handle_pi(self, data):
        self.seen.add(("?", (data,)))

    def handle_data(self, data):
        tags = [tag for tag, _ in self.open]
        self.visible += data
        self.prose += "\n" if {"code", "pre", "style", "script"} & set(tags) else data
        if {"h3", "h4"} & set(tags):
            self.titles[-1] += data
        if ("pre", {"lang": "diff"}) in self.open:
            self.diffs[-1] += data


def commands(shown, document):
    """As GitHub's runner reads stdout: each line is one of three commands, and all it says is one line."""
    told = []
    for line in shown.splitlines(keepends=True):
        assert line.endswith("\n")
        assert "##[" not in line
        command, properties, data = _command(line.rstrip("\n"))
        assert command in ("error", "warning", "notice")
        assert set(properties) <= {"file", "line", "col", "title"}
        told += [*properties.values(), data]
    for said in told:
        assert said.isprintable()
        assert not said.lstrip().startswith("::")
        assert "##[" not in said
    return "\n".join(told)


def _command(line):
    """One line as the runner's `ActionCommand.TryParseV2` takes it apart."""
    assert line.startswith("::")
    head, _, data = line[2:].partition("::")
    command, _, rest = head.partition(" ")
    pairs = dict(pair.split("=", 1) for pair in rest.strip().split(",") if pair)
    return command, {name: _decoded(value, ":,") for name, value in pairs.items()}, _decoded(data, "")


def _decoded(text, marks):
    for char in ("\r", "\n", *marks, "%"):
        text = text.replace(f"%{ord(char):02X}", char)
    return text


def outputs(shown, document):
    """As the runner reads the file of outputs."""
    for line in shown.splitlines(keepends=True):
        assert line.endswith("\n")
        name, equals, _ = line.partition("=")
        assert equals
        assert name in OUTPUTS
    log(shown)
    return shown


def mermaid(shown, document):
    """Every line has one of five forms, and a label holds letters, digits and Mermaid's own entities."""
    log(shown)
    for line in shown.splitlines():
        assert line in LEGEND or any(form.fullmatch(line) for form in MERMAID), line
    return re.sub(r"#(\d+);", lambda found: chr(int(found[1])), shown)


def dot(shown, document):
    """Outside of quoted strings nothing but our own words, and in them no escape of Graphviz' own."""
    log(shown)
    strings = re.findall(r'"((?:\\.|[^"\\])*)"', shown)
    outside = re.sub(r'"(?:\\.|[^"\\])*"', "", shown)
    assert set(re.findall(r"\w+", re.sub(r"(?m)^  // .*$|\bn\d+\b", "", outside))) <= DOT_WORDS
    for one in strings:
        assert not re.search(r'\\[^\\"]', one.replace("\\\\", ""))
        assert not re.search(r"&(?!amp;)", one)
    return "\n".join(unescape(json.loads(f'"{one}"')) for one in strings)


DOT_WORDS = {"digraph", "mfinfra", "graph", "rankdir", "LR", "labelloc", "t", "fontname", "Helvetica", "label", "node",
             "shape", "box", "style", "edge", "color", "fontcolor", "fillcolor", "tooltip"}  # fmt: skip


def _texts(value):
    match value:
        case str():
            yield value
        case dict():
            for name, item in value.items():
                yield from (name, *_texts(item))
        case list():
            for item in value:
                yield from _texts(item)


def _messages(value):
    match value:
        case {"text": str() as said}:
            yield said
        case dict():
            for item in value.values():
                yield from _messages(item)
        case list():
            for item in value:
                yield from _messages(item)


def _strings(value):
    return "\n".join(inert.line(said) for said in _texts(value))
