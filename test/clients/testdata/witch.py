"""A slixmpp client in a room, driven line by line.

Arguments: JID, password, host, port. On standard input: "join ROOM NICK",
"make ROOM NAME" (fills in the configuration), "tell ROOM TEXT", "subject ROOM
TEXT", "role ROOM NICK ROLE", "affiliation ROOM JID AFFILIATION", "list ROOM
AFFILIATION", "leave ROOM NICK", "archive ROOM", "quit". On standard output:
"online", "joined NICK…" with all who are there then, "said NICK TEXT", "subject TEXT",
"came NICK ROLE", "left NICK CODES", "listed JID…", "done", "failed CONDITION".
"""

import asyncio
import ssl
import sys

from slixmpp import ClientXMPP, JID
from slixmpp.exceptions import IqError, PresenceError

MUC = "{http://jabber.org/protocol/muc#user}"


class Witch(ClientXMPP):
    def __init__(self, jid, password):
        super().__init__(jid, password)
        self.ssl_context.check_hostname = False
        self.ssl_context.verify_mode = ssl.CERT_NONE  # self-signed
        self.register_plugin("xep_0045")
        self.register_plugin("xep_0313")
        self.add_event_handler("session_start", self.begin)
        self.add_event_handler("groupchat_message", self.said)
        self.add_event_handler("groupchat_subject", self.about)
        self.add_event_handler("groupchat_presence", self.moved)

    async def begin(self, _):
        self.send_presence()
        tell("online")

    def said(self, m):
        if m["body"]:
            tell("said", m["from"].resource, m["body"])

    def about(self, m):
        tell("subject", m["subject"])

    def moved(self, p):
        x = p.xml.find(MUC + "x")
        if x is None:
            return
        codes = " ".join(sorted(s.get("code") for s in x.findall(MUC + "status")))
        if p["type"] == "unavailable":
            tell("left", p["from"].resource, codes)
        else:
            tell("came", p["from"].resource, x.find(MUC + "item").get("role"))


def tell(*words):
    print(*words, flush=True)


async def act(client, what, room, rest):
    muc = client["xep_0045"]
    room, (first, _, text) = JID(room), rest.partition(" ")
    if what == "join":
        _, _, others, _ = await muc.join_muc_wait(room, first, timeout=20)
        tell("joined", *sorted(p["from"].resource for p in others))
    elif what == "make":
        form = await muc.get_room_config(room)
        form["type"] = "submit"
        form.set_values({"muc#roomconfig_roomname": rest, "muc#roomconfig_persistentroom": True})
        await muc.set_room_config(room, form)
        tell("done")
    elif what == "tell":
        client.send_message(room, rest, mtype="groupchat")
    elif what == "subject":
        muc.set_subject(room, rest)
    elif what == "role":
        await muc.set_role(room, first, text)
        tell("done")
    elif what == "affiliation":
        await muc.set_affiliation(room, text, jid=JID(first))
        tell("done")
    elif what == "list":
        tell("listed", *sorted(map(str, await muc.get_affiliation_list(room, first))))
    elif what == "leave":
        muc.leave_muc(room, first)
    elif what == "archive":
        async for m in client["xep_0313"].iterate(jid=room):
            tell("archived", m["mam_result"]["forwarded"]["stanza"]["body"])
        tell("done")


async def obey(client):
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while line := (await lines.readline()).decode().rstrip("\n"):
        what, _, rest = line.partition(" ")
        if what == "quit":
            break
        room, _, rest = rest.partition(" ")
        try:
            await act(client, what, room, rest)
        except (IqError, PresenceError) as e:
            tell("failed", e.condition)
    await client.disconnect()


jid, password, host, port = sys.argv[1:]
loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)
witch = Witch(jid, password)
witch.connect((host, int(port)))
loop.run_until_complete(obey(witch))
