"""The tour of the README: push, work, ask for figures, with nothing but grpcio and reflection.

    VORRANG_KEY=vk_… python tour.py [host:port]

Ends with exit code 0 and the line "tour: ok" when all of it went as it should.
"""

import base64
import os
import queue
import sys
import time
import uuid

import grpc
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.message_factory import GetMessageClass
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

ADDRESS = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:7700"
KEY = os.environ["VORRANG_KEY"]
METADATA = (("authorization", f"Bearer {KEY}"),)


class Vorrang:
    """Calls methods by name; requests and answers are dictionaries as in protobuf's JSON."""

    def __init__(self, address):
        self.channel = grpc.insecure_channel(address)
        self.pool = DescriptorPool(ProtoReflectionDescriptorDatabase(self.channel))

    def _method(self, name):
        service, method = name.rsplit("/", 1)
        descriptor = self.pool.FindServiceByName(service).FindMethodByName(method)
        return GetMessageClass(descriptor.input_type), GetMessageClass(descriptor.output_type)

    def call(self, name, request):
        request_class, answer_class = self._method(name)
        unary = self.channel.unary_unary(
            f"/{name}", request_serializer=request_class.SerializeToString, response_deserializer=answer_class.FromString
        )
        return MessageToDict(unary(ParseDict(request, request_class()), metadata=METADATA, timeout=30))

    def stream(self, name):
        """A bidirectional stream: a function to send with, and an iterator over the answers."""
        request_class, answer_class = self._method(name)
        outgoing = queue.SimpleQueue()
        bidirectional = self.channel.stream_stream(
            f"/{name}", request_serializer=request_class.SerializeToString, response_deserializer=answer_class.FromString
        )
        answers = bidirectional(iter(outgoing.get, None), metadata=METADATA, timeout=60)
        return lambda request: outgoing.put(request and ParseDict(request, request_class())), map(MessageToDict, answers)


def rfc3339(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def main():
    vorrang = Vorrang(ADDRESS)
    run = uuid.uuid4().hex[:8]

    # 1. An ordinary mail first, a VIP's chat after it.
    mail = (
        f"From: Jonas <jonas-{run}@example.com>\r\nTo: help@example.com\r\nSubject: Invoice for May\r\n"
        f"Message-ID: <{run}@example.com>\r\n\r\nPlease send me the invoice once more.\r\n"
    )
    pushed_mail = vorrang.call(
        "vorrang.ingestion.v1.IngestionService/PushEmail",
        {"request_id": f"{run}-mail", "raw": base64.b64encode(mail.encode()).decode(), "queue": f"tour-{run}"},
    )["result"]
    pushed_chat = vorrang.call(
        "vorrang.ingestion.v1.IngestionService/PushTicket",
        {
            "request_id": f"{run}-chat",
            "contact": {
                "channel": "CHANNEL_CHAT",
                "tier": "vip",
                "queue": f"tour-{run}",
                "subject": "Order 77 is missing",
                "text": "Where is it?",
                "identities": [{"kind": "KIND_EMAIL", "value": f"mara-{run}@example.com"}],
            },
        },
    )["result"]
    assert pushed_mail["outcome"] == pushed_chat["outcome"] == "OUTCOME_CREATED", (pushed_mail, pushed_chat)
    print(f"pushed   mail {pushed_mail['ticket']}, then VIP chat {pushed_chat['ticket']}")

    # 2. An agent's desktop: one contact at a time of each channel, the most urgent is offered first.
    agent = f"agents/tour-{run}"
    vorrang.call("vorrang.routing.v1.AgentService/CreateAgent", {"agent_id": f"tour-{run}", "agent": {"display_name": "Tour"}})
    send, answers = vorrang.stream("vorrang.routing.v1.WorkService/Work")
    send(
        {
            "hello": {
                "agent": agent,
                "queues": [f"tour-{run}"],
                "capacities": [
                    {"channel": "CHANNEL_CHAT", "max_concurrent": 1},
                    {"channel": "CHANNEL_EMAIL", "max_concurrent": 1},
                ],
            }
        }
    )
    served = []
    for answer in answers:
        if "offer" in answer:
            offer = answer["offer"]
            print(f"offered  {offer['contact']['class']:<12} {offer['contact']['subject']}")
            send({"accept": {"offer": offer["offer"]}})
        elif "assigned" in answer:
            ticket = answer["assigned"]["ticket"]
            served.append(ticket["name"])
            # 3. Answer, solve, and free the capacity.
            vorrang.call(
                "vorrang.ticketing.v1.TicketService/CreateMessage",
                {
                    "parent": ticket["name"],
                    "message": {"actor": {"kind": "KIND_AGENT", "id": agent}, "text": "Done."},
                    "state": "STATE_SOLVED",
                },
            )
            send({"wrap_up": {"ticket": ticket["name"]}})
        elif "finished" in answer and len(served) == 2:
            break
    send(None)
    assert sorted(served) == sorted([pushed_chat["ticket"], pushed_mail["ticket"]]), served

    # 4. The customer is content; how did it go?
    vorrang.call("vorrang.ticketing.v1.TicketService/AnswerSurvey", {"ticket": pushed_chat["ticket"], "survey": "csat", "score": 5})
    now = time.time()
    figures = vorrang.call(
        "vorrang.analytics.v1.KpiService/QueryKpis",
        {
            "kpis": ["tickets_created", "tickets_solved", "first_response_time", "queue_wait_time", "csat"],
            "from": rfc3339(now - 86400),
            "to": rfc3339(now + 86400),
            "filters": [{"dimension": "queue", "values": [f"tour-{run}"]}],
            "wait_for_latest": True,
        },
    )
    rows = {row["kpi"]: row for row in figures["rows"]}
    for kpi, row in rows.items():
        print(f"{kpi:<20} {row.get('value', 'null')}  (of {row.get('count', 0)})")
    assert rows["tickets_created"]["value"] == 2 and rows["tickets_solved"]["value"] == 2, rows
    assert rows["csat"]["value"] == 100, rows
    print("tour: ok")


if __name__ == "__main__":
    main()
