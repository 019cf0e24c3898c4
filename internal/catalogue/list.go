package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// maxCodes is how many codes a list may have.
const maxCodes = 100_000

// A listEntry is a code in a list.
type listEntry struct {
	code   string
	status int    // 0: the list does not say it
	where  string // such as "codes.csv:12"
}

// The names of columns and members, in lower case and without what is between words.
var (
	codeNames   = []string{"code", "errorcode", "error", "errorname", "name", "type", "reason", "id"}
	statusNames = []string{"status", "httpstatus", "statuscode", "httpstatuscode", "httpcode", "http"}
)

// between matches what is between words.
var between = regexp.MustCompile(`[\s_-]+`)

func plain(name string) string { return strings.ToLower(between.ReplaceAllString(name, "")) }

// codeForm is the form of a code in a vendor's file.
var codeForm = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,128}$`)

// readList reads a list of codes. The error says where it is not one.
func readList(name string, data []byte) ([]listEntry, error) {
	data = bytes.TrimSpace(bytes.TrimPrefix(data, []byte("\ufeff")))
	read := readTable
	if bytes.HasPrefix(data, []byte("[")) || bytes.HasPrefix(data, []byte("{")) {
		read = readJSONList
	}
	entries, err := read(name, data)
	if err == nil && len(entries) == 0 {
		err = fmt.Errorf("%s: expected a list of codes; the file has none", name)
	}
	return entries, err
}

// entry returns a code of a list. A text such as "Member Exists" means Member_Exists.
func entry(code, status, where string) (listEntry, error) {
	slug := between.ReplaceAllString(strings.TrimSpace(code), "_")
	if codeForm.MatchString(strings.TrimSpace(code)) {
		slug = strings.TrimSpace(code)
	}
	if !codeForm.MatchString(slug) {
		return listEntry{}, fmt.Errorf("%s: expected a code, with up to 128 of A-Z a-z 0-9 _ . -; got %.40q", where, code)
	}
	number, err := strconv.Atoi(strings.TrimSpace(status))
	if err != nil || number < 100 || number > 999 {
		number = 0
	}
	return listEntry{code: slug, status: number, where: where}, nil
}

// readTable reads CSV or TSV, with the names of the columns in its first row, or a code on each
// line. Lines that begin with # are comments.
func readTable(name string, data []byte) ([]listEntry, error) {
	rows := csv.NewReader(bytes.NewReader(data))
	rows.Comment, rows.FieldsPerRecord, rows.ReuseRecord, rows.LazyQuotes = '#', -1, true, true
	if first, _, _ := bytes.Cut(data, []byte("\n")); bytes.ContainsRune(first, '\t') {
		rows.Comma = '\t'
	}
	var entries []listEntry
	code, status, isFirst := 0, -1, true
	for {
		row, err := rows.Read()
		switch {
		case errors.Is(err, io.EOF):
			return entries, nil
		case err != nil:
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		line, _ := rows.FieldPos(0)
		where := fmt.Sprintf("%s:%d", name, line)
		if isFirst {
			isFirst = false
			if c := column(row, codeNames); c >= 0 {
				code, status = c, column(row, statusNames)
				continue
			} else if len(row) > 1 {
				return nil, fmt.Errorf("%s: expected the names of columns, one of them %q", where, "code")
			}
		}
		if entries, err = appendRow(entries, row, code, status, where); err != nil {
			return nil, err
		}
	}
}

// column returns the column with one of names, the earlier name first, or -1.
func column(row, names []string) int {
	for _, name := range names {
		if i := slices.IndexFunc(row, func(cell string) bool { return plain(cell) == name }); i >= 0 {
			return i
		}
	}
	return -1
}

// appendRow appends the code of a row, if it has one.
func appendRow(entries []listEntry, row []string, code, status int, where string) ([]listEntry, error) {
	cell := func(i int) string {
		if i < 0 || i >= len(row) {
			return ""
		}
		return row[i]
	}
	if strings.TrimSpace(cell(code)) == "" {
		return entries, nil
	}
	if len(entries) >= maxCodes {
		return nil, fmt.Errorf("%s: the list has more than %d codes", where, maxCodes)
	}
	e, err := entry(cell(code), cell(status), where)
	return append(entries, e), err
}

// readJSONList reads a list of codes, a list of objects with codes, an object whose keys are codes,
// or an object with one such list.
func readJSONList(name string, data []byte) ([]listEntry, error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, fmt.Errorf("%s: not valid JSON: %w", name, err)
	}
	if object, ok := value.(map[string]any); ok {
		if list, at := onlyList(object); list != nil {
			return entriesOf(name+": /"+at, list)
		}
		return keysOf(name, object)
	}
	return entriesOf(name+": ", value.([]any))
}

// onlyList returns the list of an object, and its key, if the object has one list.
func onlyList(object map[string]any) (only []any, at string) {
	for key, value := range object {
		if list, ok := value.([]any); ok {
			if only != nil {
				return nil, ""
			}
			only, at = list, key
		}
	}
	return only, at
}

func entriesOf(where string, list []any) ([]listEntry, error) {
	if len(list) > maxCodes {
		return nil, fmt.Errorf("%s: the list has more than %d codes", where, maxCodes)
	}
	var entries []listEntry
	for i, one := range list {
		code, status := textOf(one), ""
		if object, ok := one.(map[string]any); ok {
			code, status = textIn(object, codeNames), textIn(object, statusNames)
		}
		e, err := entry(code, status, fmt.Sprintf("%s/%d", where, i))
		if err != nil {
			return nil, err
		}
		entries = append(entries, e)
	}
	return entries, nil
}

// keysOf returns the keys of an object that says a little about each.
func keysOf(name string, object map[string]any) ([]listEntry, error) {
	var entries []listEntry
	for _, key := range slices.Sorted(maps.Keys(object)) {
		about, isObject := object[key].(map[string]any)
		if !isObject && isNested(object[key]) || slices.ContainsFunc(slices.Collect(maps.Values(about)), isNested) {
			return nil, fmt.Errorf("%s: expected texts and numbers in /%.40s, as in a list whose keys are codes", name, key)
		}
		status := textOf(object[key])
		if isObject {
			status = textIn(about, statusNames)
		}
		e, err := entry(key, status, name+": /"+key)
		if err != nil {
			return nil, err
		}
		entries = append(entries, e)
	}
	return entries, nil
}

// isNested reports whether a value has others in it.
func isNested(value any) bool {
	switch value.(type) {
	case map[string]any, []any:
		return true
	default:
		return false
	}
}

// textIn returns the text of the member with one of names, the earlier name first.
func textIn(object map[string]any, names []string) string {
	for _, name := range names {
		for _, key := range slices.Sorted(maps.Keys(object)) {
			if text := textOf(object[key]); plain(key) == name && text != "" {
				return text
			}
		}
	}
	return ""
}

// textOf returns a text or a number as text, or "".
func textOf(value any) string {
	switch value := value.(type) {
	case string:
		return value
	case json.Number:
		return value.String()
	default:
		return ""
	}
}
