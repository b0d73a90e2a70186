import errno
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from render.streams import Closed, Full

from mfinfra.errors import UserError
from mfinfra.render import sink


@pytest.fixture
def complaints():
    return []


@pytest.fixture
def path(tmp_path):
    return tmp_path / "events.ndjson"


@pytest.fixture
def hurried(monkeypatch):
    monkeypatch.setattr(sink, "PATIENCE", 0.1)


def test_a_file_is_its_user_s_own_and_holds_this_run_s_events_only(path, complaints):
    path.write_text('{"@level": "info", "@message": "what was there before, and longer than what comes"}\n')
    path.chmod(0o644)
    with sink.into(path, complaints.append) as into:
        into.write("one\n")
        assert path.read_text() == "one\n"  # at once: whoever follows the file sees it
        into.write("two\n")
    assert path.read_text() == "one\ntwo\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert complaints == []


@pytest.mark.parametrize("text", ["version: 1\n", '{\n  "applyable": true', "{"])
def test_what_is_no_stream_of_events_stays_as_it_is(path, complaints, text):
    path.write_text(text)
    with pytest.raises(UserError, match="is there, and no stream of events"), sink.into(path, complaints.append):
        pass
    assert path.read_text() == text


def test_a_new_file_is_its_user_s_own(path, complaints):
    with sink.into(path, complaints.append) as into:
        into.write("one\n")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_symbolic_link_is_not_followed(path, tmp_path):
    (tmp_path / "victim").write_text("mine")
    path.symlink_to(tmp_path / "victim")
    with pytest.raises(UserError, match="it is a symbolic link"), sink.into(path, print):
        pass
    assert (tmp_path / "victim").read_text() == "mine"


@pytest.mark.parametrize("name", ["there/is/none", "."])
def test_a_place_that_cannot_be_written_is_the_user_s_to_mend(tmp_path, name):
    with pytest.raises(UserError, match="cannot be written"), sink.into(tmp_path / name, print):
        pass


def test_a_pipe_gets_the_events_as_they_happen(path, complaints):
    os.mkfifo(path)
    read = []
    reader = threading.Thread(target=lambda: read.append(path.read_text()))
    reader.start()
    with sink.into(path, complaints.append) as into:
        into.write("one\n")
    reader.join()
    assert (read, complaints) == (["one\n"], [])


def test_a_pipe_that_nobody_reads_does_not_hang_the_run(path, hurried):
    os.mkfifo(path)
    with pytest.raises(UserError, match="nobody reads it"), sink.into(path, print):
        pass


def test_a_pipe_whose_reader_has_gone_is_complained_of_once_and_the_run_goes_on(path, complaints):
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    with sink.into(path, complaints.append) as into:
        into.write("one\n")
        os.close(reader)
        into.write("two\n")
        into.write("three\n")
    assert complaints == [f"no more events go to `{path}`, the run goes on: broken pipe"]


def test_a_pipe_whose_reader_stops_reading_is_complained_of_once_and_the_run_goes_on(path, complaints, hurried):
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    with sink.into(path, complaints.append) as into:
        for _ in range(4):
            into.write("x" * 65536 + "\n")
    os.close(reader)
    assert complaints == [f"no more events go to `{path}`, the run goes on: nobody reads it"]


def test_a_descriptor_that_the_caller_opened_is_written_and_stays_open(complaints):
    reader, writer = os.pipe()
    with sink.into(Path(f"/dev/fd/{writer}"), complaints.append) as into:
        into.write("one\n")
    os.write(writer, b"the caller's\n")
    os.close(writer)
    assert os.read(reader, 100) == b"one\nthe caller's\n"
    os.close(reader)


def test_a_descriptor_that_nobody_opened_is_the_user_s_to_mend():
    with pytest.raises(UserError, match=r"`/dev/fd/987` cannot be written: bad file descriptor"):
        sink.into(Path("/dev/fd/987"), print).__enter__()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has a device that is always full")
def test_a_full_disk_under_the_file_is_complained_of_once_and_the_run_goes_on(complaints):
    with sink.into(Path("/dev/full"), complaints.append) as into:
        into.write("one\n")
        into.write("two\n")
        assert into.lost
    assert complaints == ["no more events go to `/dev/full`, the run goes on: no space left on device"]


def test_a_full_disk_under_stdout_is_complained_of_once_and_the_run_goes_on(complaints, monkeypatch):
    monkeypatch.setattr("sys.stdout", Full())
    out = sink.standard(sys.stdout, complaints.append)
    out.write("one\n")
    out.write("two\n")
    assert out.lost
    assert [said for said in complaints if "no space left on device" in said] == complaints
    assert len(complaints) == 1


def test_a_reader_of_stdout_that_has_seen_enough_is_no_complaint(complaints):
    sink.standard(Closed(), complaints.append).write("one\n")
    assert complaints == []


def test_a_bug_in_what_writes_is_not_taken_for_a_full_disk():
    def broken(text):
        raise KeyError(text)

    with pytest.raises(KeyError):
        sink.Sink("x", broken, print).write("one\n")


def test_the_name_of_a_file_is_no_order_to_the_terminal(complaints):
    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    sink.Sink("`\x1b[2J`", full, complaints.append).write("one\n")
    assert complaints == ["no more events go to `\\u001b[2J`, the run goes on: no space left on device"]


@pytest.mark.slow
def test_a_process_substitution_of_the_shell_is_written(tmp_path):
    code = (
        "import sys; from pathlib import Path; from mfinfra.render import sink\n"
        "with sink.into(Path(sys.argv[1]), print) as into: into.write('one\\n')"
    )
    script = f'{sys.executable} -c "$CODE" >(cat > {tmp_path}/seen); wait $!; cat {tmp_path}/seen'
    done = subprocess.run(
        ["bash", "-c", script], env=os.environ | {"CODE": code}, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "one\n"
