"""What verify says of the people who run flows: their roles are those of the file with the preset `user`."""

from __future__ import annotations

from dataclasses import replace

from questioning import checks, environment, talk

from mfinfra.model import Verdict


def test_without_a_role_for_people_it_is_said_that_theirs_was_not_looked_at():
    whole = environment()
    others = {key: one for key, one in whole.resources.items() if one.spec.get("preset") != "user"}
    found = checks(environment=replace(whole, resources=others))

    (finding,) = talk(found["permissions.user"], {}).findings
    assert finding.verdict is Verdict.SKIPPED
    assert "preset: user" in finding.message
    assert "--for run" in finding.fix


def test_every_role_for_people_is_looked_at():
    whole = environment()
    ((key, user),) = [(key, one) for key, one in whole.resources.items() if one.spec.get("preset") == "user"]
    second = replace(user, address=replace(key, name="second"), spec={**user.spec, "name": "SecondUserRole"})
    found = checks(environment=replace(whole, resources={**whole.resources, second.address: second}))

    titles = [found[f"permissions.user-{number}"].title for number in (1, 2)]
    assert sorted(titles) == ["what MetaflowUserRole may do", "what SecondUserRole may do"]
