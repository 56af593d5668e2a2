def test_an_empty_volume_ends_in_one_sentence_in_the_format_of_the_log(tmp_path: Path) -> None:
    result = run(SERVICE, MODEL_REPOSITORY=str(tmp_path), LOG_FORMAT="json")
    lines = [json.loads(line) for line in result.stderr.splitlines()]
    (error,) = [line for line in lines if line["level"] == "ERROR"]
    assert str(tmp_path) in error["message"]
    assert result.returncode == 1


@pytest.mark.parametrize(
    ("content", "cpus"), [("max 100000", None), ("150000 100000", 1), ("50000 100000", 1), ("", None)]
)
def test_threads_follow_the_cpu_quota(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str, cpus: int | None
) -> None:
    monkeypatch.setattr(cgroup, "CGROUP", tmp_path)
    without_quota = cgroup.count_cpus()
    (tmp_path / "cpu.max").write_text(content)
    assert cgroup.count_cpus() == (cpus or without_quota)
