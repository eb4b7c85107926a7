"""A slixmpp client that writes to somebody and reads its archive (XEP-0313).

Arguments: JID, password, host, port, whom to write to, how many messages. On
standard output: "fields …", "metadata FIRST LAST" (ids), "forward BODY …",
"backward BODY …", "with BODY …", "span BODY …", "nobody …", "ends".
"""

import asyncio
import ssl
import sys

from slixmpp import ClientXMPP


class Archivist(ClientXMPP):
    def __init__(self, jid, password):
        super().__init__(jid, password)
        self.ssl_context.check_hostname = False
        self.ssl_context.verify_mode = ssl.CERT_NONE  # self-signed
        self.register_plugin("xep_0313")
        self.register_plugin("xep_0359")
        self.begun = asyncio.get_event_loop().create_future()
        self.add_event_handler("session_start", lambda _: self.begun.set_result(None))

    async def work(self, to, n):
        await self.begun
        self.send_presence()
        for i in range(n):
            self.send_message(to, str(i), mtype="chat")
        mam = self["xep_0313"]
        form = await mam.get_fields()
        tell("fields", *(f["var"] for f in form["fields"]))
        ends = (await mam.get_archive_metadata())["mam_metadata"]
        tell("metadata", ends["start"]["id"], ends["end"]["id"])
        seen = [r["mam_result"] async for r in mam.iterate(rsm={"max": 7})]
        tell("forward", *map(body, seen))
        tell("ids", seen[0]["id"], seen[-1]["id"])
        tell("backward", *[body(r["mam_result"]) async for r in mam.iterate(rsm={"max": 7}, reverse=True)])
        tell("with", *[body(r["mam_result"]) async for r in mam.iterate(with_jid=to)])
        first, last = seen[3]["forwarded"]["delay"]["stamp"], seen[9]["forwarded"]["delay"]["stamp"]
        tell("span", *[body(r["mam_result"]) async for r in mam.iterate(start=first, end=last)])
        tell("nobody", *[body(r["mam_result"]) async for r in mam.iterate(with_jid="nobody@localhost")])
        tell("ends")
        await self.disconnect()


def body(result):
    return result["forwarded"]["stanza"]["body"]


def tell(*words):
    print(*words, flush=True)


jid, password, host, port, to, n = sys.argv[1:]
loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)
archivist = Archivist(jid, password)
archivist.connect((host, int(port)))
loop.run_until_complete(archivist.work(to, int(n)))
