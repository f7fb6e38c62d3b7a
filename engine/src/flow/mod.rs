//! Flows: who talks to whom, how much, under which name. Knows no parser's insides and no Python.
