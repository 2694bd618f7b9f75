"""Findings for the eye: charts as Vega-Lite data, one self-contained HTML page, tables for the terminal."""
