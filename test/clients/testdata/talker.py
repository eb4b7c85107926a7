"""A slixmpp client driven line by line.

Arguments: JID, password, host, port. On standard input: "say JID TEXT",
"status SHOW TEXT", "quit". On standard output: "online", "contact JID SUB",
"heard JID TEXT", "sees JID SHOW TEXT", each flushed at once.
"""

import asyncio
import ssl
import sys

from slixmpp import ClientXMPP


class Talker(ClientXMPP):
    def __init__(self, jid, password):
        super().__init__(jid, password)
        self.ssl_context.check_hostname = False
        self.ssl_context.verify_mode = ssl.CERT_NONE  # self-signed
        self.add_event_handler("session_start", self.begin)
        self.add_event_handler("message", self.heard)
        self.add_event_handler("changed_status", self.sees)

    async def begin(self, _):
        await self.get_roster()
        for jid in self.client_roster:
            tell("contact", jid, self.client_roster[jid]["subscription"])
        self.send_presence()
        tell("online")

    def heard(self, m):
        if m["body"]:
            tell("heard", m["from"].bare, m["body"])

    def sees(self, p):
        tell("sees", p["from"].bare, p["type"], p["status"])


def tell(*words):
    print(*words, flush=True)


async def obey(client):
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while line := (await lines.readline()).decode().rstrip("\n"):
        what, _, rest = line.partition(" ")
        first, _, text = rest.partition(" ")
        if what == "say":
            client.send_message(first, text, mtype="chat")
        elif what == "status":
            client.send_presence(pshow=first, pstatus=text)
        elif what == "quit":
            break
    await client.disconnect()


jid, password, host, port = sys.argv[1:]
loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)
talker = Talker(jid, password)
talker.connect((host, int(port)))
loop.run_until_complete(obey(talker))
