"""What strangers can put into a plan: texts, and a document that holds one of them at every place for a text."""

from render import plans

LONG = 200  # what is longer may be cut; the longest that any format takes whole is 1,000
ESC, BEL = "\x1b", "\x07"
PAYLOADS = {
    "calm": "calm",
    "colour": f"{ESC}[31mred",
    "screen": f"{ESC}[2J{ESC}[H",
    "title": f"{ESC}]0;title{BEL}",
    "terminal-link": f"{ESC}]8;;https://evil.example{ESC}\\click{ESC}]8;;{ESC}\\",
    "c1": "\x9b31mred\x9d0;title\x9c",
    "bell": BEL,
    "backspace": "safe\x08\x08\x08\x08evil",
    "overwrite": "will be destroyed\rwill be created",
    "newline": "x\n+ y\n- z",
    "vertical": "x\x0by\x0cz\x1cw\x85v",
    "command": "::error file=x,line=1::owned",
    "command-on-a-line": "x\n::error::owned",
    "command-indented": "x\r\n  ::set-output name=changes::false",
    "stop-commands": "::stop-commands::token\n::token::",
    "add-mask": "::add-mask::a",
    "old-command": "##[command]rm -rf /",
    "old-command-apart": "#\n#[error]owned",
    "escaped-command": "%0A::error::owned%0D%0A",
    "property": "x,title=y::z",
    "output": "x\nchanges=false\nblocked<<EOF\nfalse\nEOF",
    "override": "\u202eevil\u202c",
    "isolate": "\u2066evil\u2069\u200f\u061c",
    "zero-width": "a\u200bb\u200c\u200d\ufeff\u2060",
    "line-separator": "a\u2028::error::b\u2029c",
    "rich": "[red]x[/red] [/oops]",
    "rich-link": "[link=https://evil.example]x[/link] :smile:",
    **{f"backticks-{count}": "`" * count for count in range(1, 13)},
    "backticks-81": "`" * 81 + " <b>x</b> " + "`" * 81,
    "backticks-256": "`" * 256 + "\n" + "`" * 256,
    "fence": "x\n```\n<script>x</script>\n```",
    "tilde-fence": "~~~\nx\n~~~",
    "code": "a`b``c` `d` e` <i>x</i>",
    "strikethrough": "~~x~~ **y** __z__ *a* _b_",
    "close-details": "</details></summary><script>alert(1)</script>",
    "close-summary": "</code></summary></details>\n\n# owned",
    "image-tag": "<img src=x onerror=alert(1)>",
    "attribute": "\" onmouseover=\"alert(1)\" x='y' autofocus onfocus=alert(1)",
    "style": "</style></title></textarea><svg onload=alert(1)>",
    "script": "</script><script>alert(1)</script>",
    "comment": "<!-- x -->",
    "close-comment": "-->",
    "bang-close-comment": "--!><b>x</b>",
    "cdata": "]]><x/>",
    "doctype": '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>&e;',
    "instruction": "<?xml version='1.0'?>",
    "entity": "&lt;b&gt; &#x3c;b&#62; &commat;everyone",
    "mention": "@everyone",
    "team": "@org/team, (@user)",
    "issue": "#1",
    "issue-elsewhere": "org/repo#1 GH-1 JIRA-22",
    "commit": "deadbeef 4fb2c76d1b0e9a4fb2c76d1b0e9a4fb2c76d1b0e 1234567",
    "link": "https://evil.example/x",
    "bare-link": "www.evil.example",
    "mail": "mailto:a@evil.example a@evil.example",
    "javascript": "javascript:alert(1)",
    "angle-link": "<https://evil.example>",
    "markdown-link": "[click](https://evil.example) ![x](http://evil.example/x.png)",
    "reference-link": "[x]: https://evil.example\n[x]",
    "footnote": "[^1]\n\n[^1]: x",
    "alert": "> [!WARNING]\n> x",
    "task": "[ ] x",
    "table": "a | b | c",
    "table-row": "|\n| --- |\n| x |",
    "heading": "# x",
    "setext": "x\n===\n---",
    "bullet": "- x",
    "number": "1. x",
    "indented": "        x",
    "hard-break": "x  \ny\\\nz",
    "backslash": "\\",
    "backslashes": "\\` \\| \\n \\\\",
    "math": "$x$ $$y$$ $`z`$",
    "emoji": ":tada: :+1:",
    "braces": "{{ x }} ${{ secrets.TOKEN }} {0} %s",
    "shell": "$(rm -rf /) `id` ; rm 'x' \"y\"",
    "mermaid": '"]; click n1 href "https://evil.example"; x["',
    "dot": '"]; n9 [URL="https://evil.example"]; x [label="\\N\\G',
    "null": "a\x00b",
    "xml-illegal": "a\x01\x1f\ufffe\uffffb",
    "surrogates": "\ud800 \udfff",
    "right-to-left": "שלום עולם مرحبا",
    "tag-characters": "x\U000e0041\U000e0042",
    "wide": "漢字 é 🎉",
    "empty": "",
    "space": " ",
    "no-break-space": "\u00a0\u3000x",
    "json": '{"a": "::error::x", "b": ["<script>"]}',
    "policy": '{"Statement": [{"Sid": "</details>@x", "Effect": "`", "Action": "#1", "Resource": "x"}]}',
    "long": "x" * 2_000,
    "long-lines": "<b>`@x`\n" * 150,
}  # fmt: skip
PLACES = (
    "environment", "account", "region", "caller", "endpoint", "file", "commit", "version", "hash", "created", "option",
    "kind", "name", "address", "physical", "reason", "action", "guard", "refusal", "hint", "lift", "path", "before",
    "after", "key", "value", "kept", "queue", "status", "range", "check", "message", "advice", "setting", "old", "new",
)  # fmt: skip


def mark(place):
    """A word that tells where a text stands, behind or before what is hostile in it."""
    return f"zq{place}"


def bare(payload):
    """Each place holds the payload and nothing else."""
    return _document(lambda place: payload)


def marked(payload):
    """Each place holds the payload and the word of its place, which stands first where the payload may be cut."""
    if len(payload) >= LONG:
        return _document(lambda place: f"{mark(place)} {payload}")
    return _document(lambda place: f"{payload} {mark(place)}")


def _document(at):
    guard = {"code": at("guard"), "message": at("refusal"), "hint": at("hint"), "lifted_by": at("lift")}
    fields = [
        plans.field([at("path"), 0, at("key")], at("before"), at("after"), replaces=True),
        plans.field(["tags", at("key")], None, at("value")),
        plans.field([at("path")], {at("key"): [at("before")]}, {at("key"): [at("after"), at("value")]}),
        plans.field(["lines"], f"a\nb\n{at('before')}\nc", f"a\nb\n{at('after')}\nc"),
    ]
    sides = {
        "before": {at("key"): at("kept"), "kept": at("kept")},
        "after": {at("key"): at("kept"), "kept": at("kept")},
    }
    more = {"because": at("reason"), "physical_id": at("physical")}
    rows = [
        plans.change(f"bucket.{at('address')}", ["update"], *fields, blocked=guard, **sides, **more),
        plans.change(f"table.{at('address')}", ["delete"], before=sides["before"], **more),
        plans.change(at("address"), ["delete", "create"], *fields, **sides, **more),
        plans.change(f"role.{at('address')}", ["create"], plans.field([at("path")], None, at("after")), after={}),
        plans.change(f"queue.{at('address')}", ["delete"], before={}, blocked=guard, **more),
        plans.change(f"x.{at('address')}", ["no-op"], **sides),
    ]
    for row in rows:
        row |= {"kind": at("kind"), "name": at("name"), "depends_on": [rows[0]["address"]], "calls": []}
        row |= {"source_range": {"file": at("range"), "start": {"line": 3, "column": 5}}, "drift": "both"}
        row |= {"disruption": {"running_jobs": 3, "jobs": {at("queue"): {at("status"): 3}}}}
    made = plans.document(
        *rows,
        checks=[
            {"code": at("check"), "status": status, "message": at("message"), "address": address, "hint": at("advice"),
             "lifted_by": at("lift")}
            for status in ("warn", "fail")
            for address in (None, at("address"))
        ],
        metaflow_changes={at("setting"): {"before": at("old"), "after": at("new")}},
        environment={"name": at("environment"), "account": at("account"), "region": at("region"), "partition": "aws",
                     "caller": at("caller"), "endpoint": at("endpoint")},
        source={"path": at("file"), "sha256": "00", "git_commit": at("commit"), "git_dirty": True},
        options={"destroy": True, "adopt": [at("option")], "target": [], "exclude": [], "replace": []},
        mfinfra_version=at("version"),
        created=at("created"),
        complete=True,
        integrity={"plan_sha256": at("hash")},
    )  # fmt: skip
    # An action that no version knows, which only a tampered plan has.
    made["resource_changes"].append(rows[3] | {"change": rows[3]["change"] | {"actions": [at("action")]}})
    return made
