"""Profiles are data with strict keys, and a key is read once and shown nowhere."""
import copy
import json
import os
import pickle

import pytest
from kernwright.search.llm.profile import (
    NO_KEY,
    Key,
    ProfileError,
    load_profile,
    names,
    take_key,
    take_keys,
)

SECRET = "sk-very-secret-0123456789"


def write(tmp_path, text, name="mine.toml"):
    path = tmp_path / name
    path.write_text(text)
    return str(path)


GOOD = 'base_url = "http://127.0.0.1:1/v1"\nmodel = "m"\n'


def test_the_shipped_profiles_load_and_hold_no_key():
    assert names() == ("deepseek-v4-pro", "glm-5.1", "kimi-k2.6", "ollama", "qwen3.7-max", "vllm")
    for name in names():
        profile = load_profile(name)
        assert profile.name == name
        assert profile.base_url.startswith("https://" if profile.key_env else "http://127.0.0.1")
    assert load_profile("qwen3.7-max").base_url == "https://dashscope-intl.aliyuncs.com/compatible-mode/v1"
    assert "temperature" not in load_profile("kimi-k2.6").parameters()
    assert "temperature" in load_profile("glm-5.1").parameters()


def test_a_thinking_budget_is_set_aside_where_max_tokens_does_not_bound_it():
    profile = load_profile("qwen3.7-max")
    assert profile.reasoning_tokens == profile.extra_body["thinking_budget"]


def test_a_path_is_a_profile_too(tmp_path):
    profile = load_profile(write(tmp_path, GOOD + "[send]\ntop_p = 0.9\n"))
    assert (profile.name, profile.model, profile.parameters()["top_p"]) == ("mine", "m", 0.9)


@pytest.mark.parametrize(("text", "says"), [
    (GOOD + "max_concurent = 2\n", "did you mean 'max_concurrent'?"),
    (GOOD + 'api_key = "sk-1"\n', "key_env"),
    (GOOD + "max_concurrent = 0\n", "max_concurrent: input should be greater than or equal to 1"),
    (GOOD + 'max_tokens = "many"\n', "max_tokens"),
    (GOOD + "[send]\nmax_tokens = 10\n", "set the profile's own max_tokens"),
    (GOOD + "[send]\nn = 4\n", "n is not a profile's to send"),
    (GOOD + "[extra_body]\nstream = true\n", "stream is not a profile's to send"),
    (GOOD + '[extra_body]\napi_key = "x"\n', "looks like a secret"),
    (GOOD + 'omit = ["max_tokens"]\n', "cannot be left out"),
    (GOOD + 'key_env = "A"\nkey_file = "b"\n', "keep one"),
    (GOOD + 'key_env = "sk-pasted-here"\n', "key_env"),
    (GOOD + "context_tokens = 4096\nmax_tokens = 8192\n", "exceed context_tokens"),
    ('model = "m"\n', "base_url"),
    ('base_url = "ftp://x"\nmodel = "m"\n', "write http://"),
    ('base_url = "http://user:pass@host/v1"\nmodel = "m"\n', "a key belongs in key_env"),
    ("base_url = \n", "no TOML"),
])
def test_a_mistake_in_a_profile_is_one_line_that_says_what_to_change(tmp_path, text, says):
    with pytest.raises(ProfileError) as caught:
        load_profile(write(tmp_path, text))
    assert says in str(caught.value) and "\n" not in str(caught.value)
    assert "user:pass" not in str(caught.value)


def test_an_unknown_profile_names_the_nearest():
    with pytest.raises(ProfileError, match="did you mean 'kimi-k2.6'"):
        load_profile("kimi-k2")
    with pytest.raises(ProfileError, match="known are deepseek-v4-pro, glm-5.1"):
        load_profile("zzz")
    with pytest.raises(ProfileError, match="does not exist"):
        load_profile("no/such.toml")


def test_a_missing_key_is_one_clear_line(monkeypatch, tmp_path):
    monkeypatch.delenv("MOONSHOT_API_KEY", raising=False)
    with pytest.raises(ProfileError, match="profile kimi-k2.6 needs its key in the environment variable MOONSHOT_API_KEY"):
        take_key(load_profile("kimi-k2.6"))
    gone = load_profile(write(tmp_path, GOOD + f'key_file = "{tmp_path}/gone"\n'))
    with pytest.raises(ProfileError, match="cannot be read: No such file"):
        take_key(gone)


@pytest.mark.parametrize("value", ["short", "two words here", "sk-ümlaut-123456", 'sk-"quoted"-123456', "a\nb-12345678"])
def test_a_key_that_cannot_be_one_is_refused_without_being_shown(monkeypatch, tmp_path, value):
    monkeypatch.setenv("TEST_LLM_KEY", value)
    with pytest.raises(ProfileError) as caught:
        take_key(load_profile(write(tmp_path, GOOD + 'key_env = "TEST_LLM_KEY"\n')))
    assert value not in str(caught.value) and os.environ["TEST_LLM_KEY"] == value


def test_taken_keys_leave_the_environment_and_may_be_shared(monkeypatch, tmp_path):
    monkeypatch.setenv("TEST_LLM_KEY", SECRET + "\n")
    (tmp_path / "key").write_text(SECRET[::-1] + "\n")
    profiles = [load_profile(write(tmp_path, GOOD + f"{line}\n", f"p{i}.toml")) for i, line in enumerate(
        ['key_env = "TEST_LLM_KEY"', 'key_env = "TEST_LLM_KEY"', f'key_file = "{tmp_path}/key"', ""])]
    keys = take_keys(profiles)
    assert [key.reveal() for key in keys] == [SECRET, SECRET, SECRET[::-1], ""]
    assert keys[3] is NO_KEY and "TEST_LLM_KEY" not in os.environ


def test_a_key_shows_itself_to_nothing_but_reveal():
    key = Key(SECRET)
    shown = [repr(key), str(key), f"{key}", f"{key!r:>40}", repr([key]), repr({"key": key}), "{}".format(key), "%s" % (key,)]  # noqa: UP031, UP032
    assert not [text for text in shown if SECRET in text]
    for leak in (lambda: pickle.dumps(key), lambda: copy.deepcopy(key), lambda: json.dumps(key), lambda: vars(key)):
        with pytest.raises(TypeError):
            leak()
    assert key.redact(f"Bearer {SECRET}!") == "Bearer [key]!"
    assert NO_KEY.redact("text") == "text"
