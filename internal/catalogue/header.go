package main

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// What headers are about, by their names.
var (
	idHeader      = regexp.MustCompile(`(?i)(request|correlation|trace|transaction)-?id$`)
	waitHeader    = regexp.MustCompile(`(?i)retry-?after`)
	verdictHeader = regexp.MustCompile(`(?i)should-?retry$`)
	limitHeader   = regexp.MustCompile(`(?i)rate-?limit|quota`)
)

// commonLimitHeader matches the headers of limits that are read without a key of the file.
var commonLimitHeader = regexp.MustCompile(`(?i)^(ratelimit(-policy)?|(ratelimit|x-ratelimit|x-rate-limit)-(limit|remaining|reset|resource))$`)

// addHeaders notes the headers of a response that the file does not read.
func (c *comparison) addHeaders(r response) {
	for _, name := range r.headers {
		kind, write := c.headerRow(name)
		if kind == "" {
			continue
		}
		c.found.note(finding{What: fmt.Sprintf("header %s (%s) is not read", http.CanonicalHeaderKey(name), kind), Where: r.where, Write: write})
	}
}

// headerRow returns what an unread header is about, and how to have it read; "" if it is read, or
// about something else.
func (c *comparison) headerRow(name string) (kind, write string) {
	canonical := http.CanonicalHeaderKey(name)
	isNamed := c.vendor.named[canonical]
	switch {
	case idHeader.MatchString(name):
		if c.vendor.profile.RequestID(http.Header{canonical: {"1"}}) == "" {
			names := slices.Concat(c.vendor.profile.RequestIDHeaders, []string{canonical})
			return "request id", "request_id_headers: [" + strings.Join(names, ", ") + "]"
		}
	case isNamed:
	case waitHeader.MatchString(name):
		if canonical != "Retry-After" || c.vendor.rows.Waits != nil {
			return "wait", fmt.Sprintf("waits: [{header: %s, unit: UNIT}]", canonical)
		}
	case verdictHeader.MatchString(name):
		return "verdict", fmt.Sprintf("verdict: {header: %s, yes: \"true\", no: \"false\"}", canonical)
	case limitHeader.MatchString(name) && !commonLimitHeader.MatchString(name):
		return "rate limit", limitRow(canonical)
	}
	return "", ""
}

// limitRow returns how to have a header of a limit read.
func limitRow(name string) string {
	lower := strings.ToLower(name)
	switch {
	case strings.Contains(lower, "remaining") || strings.HasSuffix(lower, "left"):
		return fmt.Sprintf("limits: [{name: NAME, headers: {remaining: %s}}]", name)
	case strings.Contains(lower, "reset"):
		return fmt.Sprintf("limits: [{name: NAME, headers: {remaining: HEADER, reset: %s, unit: UNIT}}]", name)
	case strings.Contains(lower, "limit"):
		return fmt.Sprintf("limits: [{name: NAME, headers: {limit: %s, remaining: HEADER}}]", name)
	default:
		return fmt.Sprintf("limits: [{name: NAME, headers: {header: %s, pattern: PATTERN}}]", name)
	}
}
