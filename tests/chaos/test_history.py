"""What processes write down can be read when they have been killed."""

from chaos import history


def test_histories_of_several_processes_are_read_in_order_of_time_and_without_a_torn_line(tmp_path):
    (tmp_path / "history").mkdir()
    (tmp_path / "history" / "web-1.jsonl").write_text('{"at": 2, "what": "b"}\n{"at": 4, "wh')
    (tmp_path / "history" / "worker-1.jsonl").write_text('{"at": 3, "what": "c"}\n{"at": 1, "what": "a"}\n')
    assert [line["what"] for line in history.read(tmp_path)] == ["a", "b", "c"]


def test_what_is_told_can_be_read(tmp_path, monkeypatch):
    monkeypatch.setenv(history.FOLDER, str(tmp_path))
    monkeypatch.setenv(history.ROLE, "test")
    monkeypatch.setattr(history, "_files", {})
    history.tell("said", words=["a", "b"])
    [line] = history.read(tmp_path)
    assert (line["who"], line["what"], line["words"]) == ("test", "said", ["a", "b"])
