"""The Amazon States Language, interpreted: what Step Functions does with the definition of a state machine.

Everything here is about values. What a state asks of AWS goes through a `World`, so that the same lines run on the
sandbox and in a test. The language: https://states-language.net/spec.html
"""
