"""Lesson 10 in other places: what its learners are shown does what it says."""

import multiprocessing
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from own_code import run_snippet, snippet

from kettle.lessons.pieces import watch_pieces

STEM = "10_threads_for_cpu"


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_the_script_runs_however_its_workers_start(tmp_path, method):
    script = tmp_path / "search.py"
    code = snippet(STEM, "script")
    start = "    main()\n"
    assert code.endswith(start)
    chosen = f'    import multiprocessing\n\n    multiprocessing.set_start_method("{method}")\n'
    script.write_text(code.removesuffix(start) + chosen + start, encoding="utf-8")
    ran = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=60, check=False)
    assert ran.stderr == ""
    assert ran.stdout == "TEA-? ['TEA-1', 'TEA-2']\nTEA-2 ['TEA-2']\nTEA-9 []\n"


def test_httpx_asks_eight_at_once_over_one_client():
    with watch_pieces(together=8, patience=20) as calls:

        class Larder(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                calls.note(self.path)
                body = b'{"name": "%s"}' % self.path.rpartition("/")[2].encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        with ThreadingHTTPServer(("127.0.0.1", 0), Larder) as server:
            server.daemon_threads = True
            threading.Thread(target=server.serve_forever, daemon=True).start()
            names_of = run_snippet(STEM, "httpx")["names_of"]
            found = names_of(list(range(24)), f"http://127.0.0.1:{server.server_port}")
            server.shutdown()
    assert found == [str(number) for number in range(24)]
    assert calls.met
    assert calls.most == 8
