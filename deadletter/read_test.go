package deadletter_test

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/retrywise/retrywise/deadletter"
)

// at is a line of a letter, and mark one about it.
func at(id string, more ...string) string {
	return fmt.Sprintf(`{"v":1,"is":"letter","id":%q,"at":"2026-11-26T07:00:00Z","applied":"no"%s}`, id, strings.Join(more, "")) + "\n"
}

func mark(is, id string) string {
	return fmt.Sprintf(`{"v":1,"is":%q,"id":%q,"at":"2026-11-26T07:00:05Z"}`, is, id) + "\n"
}

// What is open after a log, and whether it is being sent.
func TestLetters(t *testing.T) {
	for name, tt := range map[string]struct {
		log  string
		want string
	}{
		"nothing":                        {"", ""},
		"letters, in order":              {at("b") + at("a"), "b a"},
		"settled":                        {at("a") + at("b") + mark("settled", "a"), "b"},
		"being sent":                     {at("a") + mark("begun", "a"), "a!"},
		"a letter that is being sent":    {at("a", `,"begun":"2026-11-26T07:00:01Z"`), "a!"},
		"sent":                           {at("a") + mark("begun", "a") + mark("settled", "a"), ""},
		"sent twice":                     {at("a") + mark("begun", "a") + mark("begun", "a"), "a!"},
		"replaced":                       {at("a") + mark("begun", "a") + at("b", `,"replaces":"a"`), "b"},
		"replaces one that is not there": {at("b", `,"replaces":"a"`), "b"},
		"marks of one that was deleted":  {mark("begun", "a") + mark("settled", "a") + at("b"), "b"},
		"members of a later version":     {at("a", `,"mood":{"good":true}`), "a"},
		"Windows' line breaks":           {strings.ReplaceAll(at("a"), "\n", "\r\n"), "a"},
		"no last line break":             {at("a") + strings.TrimSuffix(at("b"), "\n"), "a b"},
	} {
		t.Run(name, func(t *testing.T) {
			file := newFile(t)
			writeText(t, file, tt.log)
			letters, err := read(file)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, l := range letters {
				if !l.Begun.IsZero() {
					l.ID += "!"
				}
				got = append(got, l.ID)
			}
			if strings.Join(got, " ") != tt.want {
				t.Errorf("open letters %v; want %s", got, tt.want)
			}
		})
	}
}

// Any line that is none of ours is an error with its place, and gives no letter.
func TestLettersReportsTheProblem(t *testing.T) {
	for line, want := range map[string]string{
		"":                               "1: expected a JSON object: unexpected end of JSON input",
		"step,line":                      "1: expected a JSON object: invalid character 's' looking for beginning of value",
		`[1]`:                            "1: expected an object",
		`7`:                              "1: expected an object",
		`{"id":"a"}`:                     `1: expected "v": 1, the version of the format; got 0`,
		`{"v":2,"is":"letter"}`:          `1: expected "v": 1, the version of the format; got 2`,
		`{"v":"1"}`:                      `8: "v": expected a whole number`,
		`{"v":1,"id":"b"}`:               `1: expected "is", the kind of the line`,
		`{"v":1,"is":"letter"}`:          `1: expected "id", the id of a letter`,
		`{"v":1,"is":"lettre","id":"b"}`: "1: unknown kind of line; expected one of letter, begun, settled",
		`{"v":1,"is":"letter","id":"b","at":"x"}`:        "1: expected times as in RFC 3339, such as 2026-11-22T14:05:00Z",
		`{"v":1,"is":"letter","id":7}`:                   `27: "id": expected a string`,
		`{"v":1,"is":"letter","id":"b","repeatable":1}`:  `44: "repeatable": expected true or false`,
		`{"v":1,"is":"letter","id":"b","fields":1}`:      `40: "fields": expected a list`,
		`{"v":1,"is":"letter","id":"b","fields":[1]}`:    `41: "fields": expected an object`,
		`{"v":1,"is":"letter","id":"b","class":"anger"}`: "1: unknown class; expected one of authentication, ",
		`{"v":1,"is":"letter","id":"a"}`:                 "1: the id of this letter is that of an earlier one",
		`{"v":1,"is":"letter","id":"b"} {}`:              "32: expected a JSON object: invalid character '{' after top-level value",
	} {
		t.Run(line, func(t *testing.T) {
			file := newFile(t)
			writeText(t, file, at("a")+line+"\n"+at("c"))
			got, err := read(file)
			if want = file + ":2:" + want; err == nil || !strings.HasPrefix(err.Error(), want) || len(got) > 0 {
				t.Errorf("%d letters, error %v; want %s", len(got), err, want)
			}
		})
	}
}

func TestLettersOfAFileThatIsNotThere(t *testing.T) {
	if _, err := read(newFile(t)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v; want fs.ErrNotExist", err)
	}
}

func TestLettersOfALineThatIsTooLong(t *testing.T) {
	file := newFile(t)
	writeText(t, file, at("a")+strings.Repeat(" ", 17<<20)+"\n")
	if _, err := read(file); err == nil || err.Error() != file+":2:1: the line is longer than 16777216 bytes" {
		t.Errorf("error %v", err)
	}
}

// An iterator may be left early.
func TestLettersUntilBreak(t *testing.T) {
	file := newFile(t)
	writeText(t, file, at("a")+at("b"))
	for l, err := range deadletter.Letters(file) {
		if l.ID != "a" || err != nil {
			t.Errorf("%v, %v", l.ID, err)
		}
		break
	}
}
