package vcr

import (
	"regexp"
	"strings"
)

// multipart masks the parts of a form or a batch. Their boundary is another one each time.
func (m *masker) multipart(s, boundary string) string {
	if first, _, ok := strings.Cut(s, "\n"); ok && strings.HasPrefix(first, "--") {
		boundary = strings.TrimSpace(first[len("--"):]) // of a recording, the header has another one
	}
	if boundary == "" || !strings.Contains(s, "--"+boundary) {
		boundary = "boundary" // it was masked before
	}
	parts := strings.Split(s, "--"+boundary)
	for i, part := range parts {
		parts[i] = m.message(part)
	}
	return strings.Join(parts, "--boundary")
}

// partName is the name of a field of a form.
var partName = regexp.MustCompile(`(?i)\bname="?([^"\r\n;]+)`)

// message masks a part, or a message of HTTP: its header, and its body by the type that is there.
func (m *masker) message(s string) string {
	head, gap, body := s, "", ""
	if at := blankLine.FindStringIndex(s); at != nil {
		head, gap, body = s[:at[0]], s[at[0]:at[1]], s[at[1]:]
	}
	contentType, isSecret := "", false
	lines := strings.SplitAfter(head, "\n")
	for i, line := range lines {
		name, value, isField := strings.Cut(line, ":")
		switch {
		case !isField:
		case strings.EqualFold(name, "Content-Type"):
			contentType = strings.TrimSpace(value)
		case strings.EqualFold(name, "Content-Disposition"):
			if field := partName.FindStringSubmatch(value); field != nil {
				isSecret = m.isSecret(field[1])
			}
		case m.isSecret(name):
			end := value[len(strings.TrimRight(value, "\r\n")):]
			lines[i] = name + ": " + masked + end
			continue
		}
		lines[i] = m.text(line)
	}
	switch {
	case isSecret && strings.TrimSpace(body) != "":
		body = masked + body[len(strings.TrimRight(body, "\r\n")):]
	default:
		body = m.body(body, contentType)
	}
	return strings.Join(lines, "") + gap + body
}

var blankLine = regexp.MustCompile(`\r?\n\r?\n`)
