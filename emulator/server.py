"""The server process of the emulator: ministack with the plug-ins of `emulator.services`, on 127.0.0.1 only.

It is started by `emulator.runtime.server_lifecycle.up` as `python -m emulator.server ROOT`.
"""

import argparse
import asyncio
import json
import logging
import os
import resource
import shutil
import signal
import socket
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from emulator.runtime import locks
from emulator.runtime.environment import HOST, TOKEN, server_environment
from emulator.runtime.server_lifecycle import IDENTITY_PATH, LOCK, last_settings

log = logging.getLogger(__name__)
ROOT_CHECK_SECONDS = 1


def main() -> None:
    """Take the root folder's lock, listen, load the plug-ins, serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m emulator.server")
    parser.add_argument("root", type=Path)
    parser.add_argument("--account", required=True)
    parser.add_argument("--region", required=True)
    arguments = parser.parse_args()
    root: Path = arguments.root
    lock = locks.take(root / LOCK)
    # The port of the last server, if it is free, so that variables of a shell stay valid after `down` and `up`.
    listener = _listen(int(last_settings(root).get("port", 0)))
    port = listener.getsockname()[1]
    os.environ.update(server_environment(root, port=port, account=arguments.account, region=arguments.region))
    _allow_many_files()
    shutil.rmtree(root / "tmp", ignore_errors=True)
    (root / "tmp").mkdir()

    # ministack reads its settings when it is imported.
    from emulator.runtime import administrator, authentication, plugin
    from emulator.runtime.authorization.step import MODE, VARIABLE
    from emulator.runtime.credentials import Credentials
    from emulator.services import register_all

    last = last_settings(root)
    known = "access_key" in last
    key = Credentials(access_key=last["access_key"], secret_key=last["secret_key"]) if known else administrator.new()
    authentication.set_administrator(key)
    register_all()
    plugin.start()
    threading.Thread(target=_exit_without, args=[root / LOCK], daemon=True).start()
    settings = {"account": arguments.account, "region": arguments.region, "port": str(port)}
    settings |= {"access_key": key.access_key, "secret_key": key.secret_key}
    _write_server_file(root, settings, authorization=MODE)
    if MODE != "on":
        log.warning("NO REQUEST IS DENIED: %s is %s", VARIABLE, MODE)
    try:
        asyncio.run(_serve(plugin.application, listener, before_stop=plugin.prepare_stop))
    finally:
        plugin.stop()
        lock.close()


def _exit_without(lock: Path) -> None:
    """Exit when the root folder is deleted, because the server can then be neither found nor stopped."""
    while lock.exists():
        time.sleep(ROOT_CHECK_SECONDS)
    os._exit(1)


def _listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError:
        listener.bind((HOST, 0))
    return listener


def _allow_many_files() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _write_server_file(root: Path, settings: Mapping[str, str], *, authorization: str) -> None:
    _write(root / "settings.json", settings)
    server = {name: value for name, value in settings.items() if name != "port"} | {
        "endpoint": f"http://{HOST}:{settings['port']}",
        "pid": os.getpid(),
        "token": os.environ[TOKEN],
        "authorization": authorization,
    }
    _write(root / "server.json", server)


def _write(path: Path, content: Mapping[str, object]) -> None:
    new = path.with_suffix(".new")
    new.touch(mode=0o600)
    new.write_text(json.dumps(content))
    new.replace(path)


async def _serve(application: Any, listener: socket.socket, *, before_stop: Callable[[], None]) -> None:
    from hypercorn.asyncio import serve, tcp_server
    from hypercorn.config import Config

    tcp_server.MAX_RECV = 1 << 18  # uploads in pieces of 64 KiB take twice as long
    config = Config()
    config.bind = [f"fd://{listener.fileno()}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = 1
    identity = json.dumps({"pid": os.getpid(), "token": os.environ[TOKEN]}).encode()

    async def identified(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["path"] == IDENTITY_PATH:
            headers = [(b"content-type", b"application/json"), (b"content-length", str(len(identity)).encode())]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": identity})
        else:
            await application(scope, receive, send)

    signalled = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, signalled.set)

    async def stopped() -> None:
        await signalled.wait()
        await asyncio.to_thread(before_stop)

    await serve(identified, config, shutdown_trigger=stopped, mode="asgi")


if __name__ == "__main__":
    main()
