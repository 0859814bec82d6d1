"""The official OpenAI SDK for Python, unchanged, against the gateway named by the environment.

Run by openai-python-sdk.spec.ts, one class at a time. The scripted provider does what the message says.
"""

import asyncio
import json
import os
import unittest

import openai
from pydantic import BaseModel

URL = os.environ["OVERTURE_TEST_URL"]
KEY = os.environ["OVERTURE_TEST_KEY"]
SIMULATED = "@simulated-swift/gpt-4o"
SCRIPTED = "@scripted/gpt-4o"
HELLO = [{"role": "user", "content": "Hello!"}]
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string", "enum": ["Paris"]}, "days": {"type": "integer", "minimum": 3}},
            "required": ["city", "days"],
        },
    },
}


def connect(**options):
    return openai.OpenAI(**{"base_url": URL, "api_key": KEY, "max_retries": 0, **options})


def say(words):
    return [{"role": "user", "content": words}]


class Chat(unittest.TestCase):
    def test_answers_with_content_usage_and_metadata(self):
        raw = connect().chat.completions.with_raw_response.create(model=SIMULATED, messages=HELLO)
        answer = raw.parse()
        self.assertIn("Hello!", answer.choices[0].message.content)
        self.assertEqual(answer.choices[0].finish_reason, "stop")
        self.assertEqual(answer.usage.total_tokens, answer.usage.prompt_tokens + answer.usage.completion_tokens)
        self.assertEqual(answer._request_id, raw.headers["x-request-id"])
        self.assertEqual(raw.headers["x-overture-provider"], "simulated-swift")
        self.assertEqual(answer.metadata["provider"], "simulated")
        self.assertEqual(answer.metadata["routing_decision"], "pinned")

    def test_is_routed_among_all_providers_of_a_model(self):
        answer = connect().chat.completions.create(model="gpt-4o-mini", messages=HELLO)
        self.assertEqual(answer.metadata["routing_decision"], "thompson-sampling")

    def test_asynchronous_clients_ask_many_things_at_once(self):
        async def ask():
            async with openai.AsyncOpenAI(base_url=URL, api_key=KEY) as client:
                asked = (client.chat.completions.create(model=SIMULATED, messages=say(str(n))) for n in range(10))
                return await asyncio.gather(*asked)

        for number, answer in enumerate(asyncio.run(ask())):
            self.assertIn(f"“{number}”", answer.choices[0].message.content)

    def test_takes_the_key_beside_itself_and_the_name_of_a_user(self):
        client = connect(default_headers={"x-api-key": KEY, "x-user-id": "u-42"})
        self.assertEqual(len(client.chat.completions.create(model=SCRIPTED, messages=HELLO).choices), 1)


class Streams(unittest.TestCase):
    def test_come_with_usage_where_it_is_asked_for(self):
        wish = {"stream": True, "stream_options": {"include_usage": True}}
        chunks = list(connect().chat.completions.create(model=SIMULATED, messages=HELLO, **wish))
        text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
        self.assertIn("Hello!", text)
        finish, usage = chunks[-2:]
        self.assertEqual(finish.choices[0].finish_reason, "stop")
        self.assertEqual(finish.metadata["provider"], "simulated")
        self.assertEqual(usage.choices, [])
        self.assertGreater(usage.usage.total_tokens, 0)

    def test_come_without_usage_where_nobody_asked(self):
        for chunk in connect().chat.completions.create(model=SIMULATED, messages=HELLO, stream=True):
            self.assertEqual(len(chunk.choices), 1)

    def test_are_put_together_by_the_helper(self):
        heard = []
        with connect().chat.completions.stream(model=SIMULATED, messages=HELLO) as stream:
            for event in stream:
                if event.type == "content.delta":
                    heard.append(event.delta)
            answer = stream.get_final_completion()
        self.assertEqual(answer.choices[0].message.content, "".join(heard))

    def test_come_asynchronously(self):
        async def ask():
            async with openai.AsyncOpenAI(base_url=URL, api_key=KEY) as client:
                stream = await client.chat.completions.create(model=SIMULATED, messages=HELLO, stream=True)
                return [chunk async for chunk in stream]

        self.assertEqual(asyncio.run(ask())[-1].choices[0].finish_reason, "stop")

    def test_that_are_closed_stop_the_provider(self):
        stream = connect().chat.completions.create(model=SCRIPTED, messages=say("talk without end"), stream=True)
        for chunk in stream:
            if chunk.choices[0].delta.content:
                break
        stream.close()

    def test_that_break_raise(self):
        stream = connect().chat.completions.create(model=SCRIPTED, messages=say("break off"), stream=True)
        with self.assertRaises(openai.APIError) as caught:
            for chunk in stream:
                self.assertEqual(chunk.choices[0].delta.content, "half an")
        self.assertEqual(caught.exception.code, "provider_stream_cut")


class Tools(unittest.TestCase):
    def test_are_called_and_their_result_is_answered(self):
        client = connect()
        choice = client.chat.completions.create(model=SIMULATED, messages=HELLO, tools=[WEATHER]).choices[0]
        call = choice.message.tool_calls[0]
        self.assertEqual(choice.finish_reason, "tool_calls")
        self.assertEqual(call.function.name, "get_weather")
        self.assertEqual(json.loads(call.function.arguments), {"city": "Paris", "days": 3})
        result = {"role": "tool", "tool_call_id": call.id, "content": "21 °C"}
        answer = client.chat.completions.create(
            model=SIMULATED, messages=[*HELLO, choice.message, result], tools=[WEATHER]
        )
        self.assertIn("21 °C", answer.choices[0].message.content)

    def test_are_called_in_streams_where_the_pieces_make_a_whole(self):
        pieces = []
        with connect().chat.completions.stream(model=SIMULATED, messages=HELLO, tools=[WEATHER]) as stream:
            for event in stream:
                if event.type == "tool_calls.function.arguments.delta":
                    pieces.append(event.arguments_delta)
            call = stream.get_final_completion().choices[0].message.tool_calls[0]
        self.assertGreater(len(pieces), 1)
        self.assertEqual(call.function.arguments, "".join(pieces))
        self.assertEqual(json.loads(call.function.arguments), {"city": "Paris", "days": 3})


class StructuredOutput(unittest.TestCase):
    class Sum(BaseModel):
        total: int
        steps: list[str]

    def test_is_parsed_into_the_model_that_was_asked_for(self):
        answer = connect().chat.completions.parse(model=SIMULATED, messages=HELLO, response_format=self.Sum)
        self.assertIsInstance(answer.choices[0].message.parsed, self.Sum)

    def test_is_parsed_from_a_stream_too(self):
        with connect().chat.completions.stream(model=SIMULATED, messages=HELLO, response_format=self.Sum) as stream:
            stream.until_done()
            self.assertIsInstance(stream.get_final_completion().choices[0].message.parsed, self.Sum)


class Models(unittest.TestCase):
    def test_are_listed(self):
        names = {model.id for model in connect().models.list()}
        self.assertLessEqual({"auto", "gpt-4o", SIMULATED, SCRIPTED}, names)


class Errors(unittest.TestCase):
    def refusal(self, kind, model=SCRIPTED, messages=HELLO, client=None, **more):
        with self.assertRaises(kind) as caught:
            (client or connect()).chat.completions.create(model=model, messages=messages, **more)
        self.assertIs(type(caught.exception), kind)
        return caught.exception

    def test_of_the_caller_have_their_classes(self):
        stranger = connect(api_key="sk-igris-of-nobody")
        self.assertEqual(self.refusal(openai.AuthenticationError, client=stranger).code, "invalid_api_key")
        self.assertEqual(self.refusal(openai.NotFoundError, model="gpt-5-ultra").code, "model_not_found")
        wrong = self.refusal(openai.BadRequestError, temperature=7)
        self.assertEqual((wrong.code, wrong.param, wrong.type), ("invalid_type", "temperature", "invalid_request_error"))
        poor = self.refusal(openai.APIStatusError, max_tokens=10_000_000)
        self.assertEqual((poor.status_code, poor.code), (402, "budget_exhausted"))

    def test_of_the_provider_keep_their_meaning(self):
        limited = self.refusal(openai.RateLimitError, messages=say("answer 429"))
        self.assertEqual(limited.response.headers["retry-after"], "3")
        self.assertEqual(limited.code, "provider_rate_limited")
        self.assertIn("answer 400", self.refusal(openai.BadRequestError, messages=say("answer 400")).message)
        self.refusal(openai.UnprocessableEntityError, messages=say("answer 422"))
        ours = self.refusal(openai.InternalServerError, messages=say("answer 401"))
        self.assertEqual((ours.status_code, ours.code), (502, "provider_unauthorized"))
        broken = self.refusal(openai.InternalServerError, messages=say("answer 500"))
        self.assertEqual((broken.status_code, broken.code), (502, "provider_error"))

    def test_that_pass_are_waited_out_by_the_sdk(self):
        patient = connect(max_retries=1)
        answer = patient.chat.completions.create(model=SCRIPTED, messages=say("answer 429 once"))
        self.assertEqual(answer.choices[0].message.content, "hello")


if __name__ == "__main__":
    unittest.main()
