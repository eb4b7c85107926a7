"""A slixmpp client with stream management and carbons, driven line by line.
When it has lost its connection it connects again.

Arguments: JID, password, host, port. On standard input: "say JID TEXT", "ask" (what
the server has handled), "quit". On standard output, each flushed at once: "managed", "online JID", "resumed",
"lost" (the stream could not be resumed), "acked TEXT", "heard JID TEXT",
"copied sent|received JID TEXT" (whom another session wrote to or heard).
"""

import asyncio
import ssl
import sys

from slixmpp import ClientXMPP, Message


class Resumer(ClientXMPP):
    def __init__(self, jid, password, address):
        super().__init__(jid, password)
        self.entrance = address
        self.ssl_context.check_hostname = False
        self.ssl_context.verify_mode = ssl.CERT_NONE  # self-signed
        self.register_plugin("xep_0198")
        self.register_plugin("xep_0280")
        self.leaving = False
        on = self.add_event_handler
        on("session_start", self.begin)
        on("disconnected", self.again)
        on("message", self.heard)
        on("sm_enabled", lambda _: tell("managed"))
        on("session_resumed", lambda _: tell("resumed"))
        on("sm_failed", lambda _: tell("lost"))
        on("stanza_acked", self.acked)
        on("carbon_sent", lambda m: copied("sent", m["carbon_sent"], "to"))
        on("carbon_received", lambda m: copied("received", m["carbon_received"], "from"))

    async def begin(self, _):
        self.send_presence()
        await self["xep_0280"].enable()  # handled after the presence
        tell("online", self.boundjid.full)

    def again(self, _):
        if not self.leaving:
            self.connect(self.entrance)

    def heard(self, m):
        if m["body"]:
            tell("heard", m["from"].bare, m["body"])

    def acked(self, s):
        if isinstance(s, Message):
            tell("acked", s["body"])


def copied(direction, m, who):
    tell("copied", direction, m[who].bare, m["body"])


def tell(*words):
    print(*words, flush=True)


async def obey(client):
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while line := (await lines.readline()).decode().rstrip("\n"):
        what, _, rest = line.partition(" ")
        to, _, text = rest.partition(" ")
        if what == "say":
            client.send_message(to, text, mtype="chat")
        elif what == "ask":
            client["xep_0198"].request_ack()
        else:
            break
    client.leaving = True
    await client.disconnect()


jid, password, host, port = sys.argv[1:]
loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)
resumer = Resumer(jid, password, (host, int(port)))
resumer.connect(resumer.entrance)
loop.run_until_complete(obey(resumer))
