"""Holds what docs/monitoring offers against promtool, and against the metrics there are.

Usage: monitoring_test.py PROMTOOL DIRECTORY
"""
import json
import re
import subprocess
import sys
import unittest
from pathlib import Path

import yaml

PROMTOOL, DIRECTORY = sys.argv[1], Path(sys.argv[2])


def metrics():
    """Every name that a query may use: histograms have three."""
    names = set()
    text = (DIRECTORY / "metrics.md").read_text()
    for name, kind in re.findall(r"^\| `([a-z_]+)` \| (counter|gauge|histogram) \|", text, re.M):
        names |= {name + end for end in ("_bucket", "_sum", "_count")} if kind == "histogram" else {name}
    return names


def names_in(query):
    """Metrics of a query: what is followed by a selector, a range, or stands at the end of a word."""
    without_strings = re.sub(r'"[^"]*"', '""', query)
    return set(re.findall(r"\b(?:sluice|process)_[a-z_]+\b", without_strings))


def queries_of(value):
    """All strings below the keys expr and query."""
    if isinstance(value, dict):
        for key, each in value.items():
            if key in ("expr", "query") and isinstance(each, str):
                yield each
            else:
                yield from queries_of(each)
    elif isinstance(value, list):
        for each in value:
            yield from queries_of(each)


def promtool(*arguments):
    done = subprocess.run([PROMTOOL, *arguments], cwd=DIRECTORY, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


class Monitoring(unittest.TestCase):
    def test_prometheus_accepts_the_rules(self):
        code, output = promtool("check", "rules", "rules.yaml")
        self.assertEqual(code, 0, output)

    def test_each_alert_comes_when_it_should(self):
        code, output = promtool("test", "rules", "rules_test.yaml")
        self.assertEqual(code, 0, output)

    def test_every_alert_is_tested_both_ways(self):
        rules = yaml.safe_load((DIRECTORY / "rules.yaml").read_text())
        alerts = {rule["alert"] for group in rules["groups"] for rule in group["rules"]}
        tests = yaml.safe_load((DIRECTORY / "rules_test.yaml").read_text())["tests"]
        cases = [case for test in tests for case in test["alert_rule_test"]]
        self.assertEqual(alerts, {case["alertname"] for case in cases if case.get("exp_alerts")})
        self.assertEqual(alerts, {case["alertname"] for case in cases if not case.get("exp_alerts")})

    def test_rules_and_dashboard_ask_only_for_metrics_that_exist(self):
        known = metrics()
        self.assertGreater(len(known), 50)
        rules = yaml.safe_load((DIRECTORY / "rules.yaml").read_text())
        dashboard = json.loads((DIRECTORY / "dashboard.json").read_text())
        for where, source in (("rules.yaml", rules), ("dashboard.json", dashboard)):
            queries = list(queries_of(source))
            self.assertGreater(len(queries), 10, where)
            for query in queries:
                self.assertEqual(names_in(query) - known, set(), f"{where}: {query}")

    def test_every_query_of_the_dashboard_is_one(self):
        """As the expression of a rule, with the variables filled in."""
        dashboard = json.loads((DIRECTORY / "dashboard.json").read_text())
        targets = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", [])]
        rules = [{"record": f"query{i}", "expr": expr} for i, expr in enumerate(targets)]
        text = yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]})
        done = subprocess.run([PROMTOOL, "check", "rules", "/dev/stdin"], input=text, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn(f"{len(rules)} rules found", done.stdout)

    def test_panels_do_not_overlap(self):
        dashboard = json.loads((DIRECTORY / "dashboard.json").read_text())
        taken = {}
        for panel in dashboard["panels"]:
            place = panel["gridPos"]
            for x in range(place["x"], place["x"] + place["w"]):
                for y in range(place["y"], place["y"] + place["h"]):
                    self.assertLess(x, 24, panel["title"])
                    self.assertNotIn((x, y), taken, f"{panel['title']} lies on {taken.get((x, y))}")
                    taken[x, y] = panel["title"]


unittest.main(argv=sys.argv[:1])
