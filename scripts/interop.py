"""`dev.py interop`: ask a server program that we did not write, in both dialects, and compare what arrives.

Installs LiteLLM's proxy into an environment of its own (`var/interop`), lets it answer with fixed words, and relays
them with our client. Not part of the tests: it is large, and its releases are not ours to follow.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from streaming import prompts, upstreams
from streaming.transcript import Transcript
from streaming.upstream import Client

HOME = Path(__file__).resolve().parent.parent / "var" / "interop"
PACKAGE = "litellm[proxy]==1.108.7"
WORDS = "A mock answer, relayed word by word: grüße, 世界, 🎉."
CONFIG = """
model_list:
  - model_name: mock
    litellm_params: {{model: openai/mock, api_key: none, mock_response: "{words}"}}
  - model_name: mock-whole
    litellm_params: {{model: anthropic/claude-3-5-sonnet-20240620, api_key: none, mock_response: "{words}"}}
litellm_settings: {{telemetry: false}}
general_settings: {{master_key: {key}}}
"""


def main() -> int:
    """0 if every model of both endpoints answered with exactly these words."""
    key, port = f"sk-{secrets.token_hex(8)}", _free_port()
    proxy = _start(key, port)
    try:
        return asyncio.run(_ask_all(key, f"http://127.0.0.1:{port}"))
    finally:
        proxy.terminate()
        proxy.wait(timeout=20)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _start(key: str, port: int) -> subprocess.Popen[bytes]:
    python = HOME / "bin" / "python"
    if not (HOME / "bin" / "litellm").exists():
        print(f"Installing {PACKAGE}, which takes a minute…", flush=True)
        subprocess.run([sys.executable, "-m", "venv", HOME], check=True)
        subprocess.run([python, "-m", "pip", "install", "-q", PACKAGE], check=True)
    config = HOME / "config.yaml"
    config.write_text(CONFIG.format(words=WORDS, key=key))
    command = [str(HOME / "bin" / "litellm"), "--config", str(config), "--host", "127.0.0.1", "--port", str(port)]
    quiet = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_TELEMETRY": "False", "NO_PROXY": "*"}
    with (HOME / "log").open("wb") as log:
        proxy = subprocess.Popen(command, env=os.environ | quiet, stdout=log, stderr=log, cwd=HOME)
    _wait(f"http://127.0.0.1:{port}/health/liveliness", proxy)
    return proxy


def _wait(url: str, proxy: subprocess.Popen[bytes]) -> None:
    for _ in range(240):
        if proxy.poll() is not None:
            sys.exit(f"The proxy ended by itself; see {HOME / 'log'}.")
        try:
            urllib.request.urlopen(url, timeout=2).close()  # noqa: S310 (our own address)
            return
        except OSError:
            time.sleep(0.5)
    sys.exit(f"The proxy did not begin to listen; see {HOME / 'log'}.")


async def _ask_all(key: str, address: str) -> int:
    catalogue = upstreams.from_environment(
        {
            "UPSTREAM_API_KEY": key,
            "UPSTREAM_OPENAI_BASE_URL": f"{address}/v1",
            "UPSTREAM_OPENAI_MODELS": "mock,mock-whole",
            "UPSTREAM_ANTHROPIC_BASE_URL": address,
            "UPSTREAM_ANTHROPIC_MODELS": "mock,mock-whole",
        }
    )
    if catalogue is None:
        return 1
    client, wrong = Client(), 0
    for model in catalogue.models:
        transcript, reads = Transcript(), 0
        async for events in client.ask(model, prompts.ask("Say the words.")):
            transcript.apply_all(events)
            reads += 1
        good = transcript.state == "complete" and transcript.text == WORDS
        wrong += not good
        print(f"{'ok ' if good else 'BAD'} {model.dialect:9} {model.id:22} {reads} reads, {transcript.state}")
    await client.aclose()
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
