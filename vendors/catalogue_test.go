package vendors_test

import (
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/policy"
)

// A row is a line of the catalogue: a code or a status, and what was decided about it.
// The files in testdata are copies of the project's catalogue.
type row struct {
	Vendor, Code, Status, Message, Extra string
	Class, Action, Applied, Scope        string
}

func readCatalogue(t testing.TB, name string) []row {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimRight(string(data), "\n"), "\n")
	columns := strings.Split(lines[0], "\t")
	var rows []row
	for _, line := range lines[1:] {
		cells := strings.Split(line, "\t")
		cell := func(name string) string {
			if i := slices.Index(columns, name); i >= 0 && i < len(cells) {
				return cells[i]
			}
			return ""
		}
		rows = append(rows, row{
			Vendor: cell("vendor"), Code: cell("code"), Status: cell("http_status"), Message: cell("message"), Extra: cell("extra_fields"),
			Class: cell("class"), Action: cell("action"), Applied: cell("applied"), Scope: cell("scope"),
		})
	}
	return rows
}

// statuses returns those that a row stands for; a row without one is tried with both
// that RD Station gives to refused records.
func (r row) statuses(t testing.TB) []int {
	t.Helper()
	switch {
	case strings.HasSuffix(r.Code, "5xx"):
		return []int{500, 502, 503}
	case r.Status == "":
		return []int{400, 422}
	default:
		status, err := strconv.Atoi(r.Status)
		if err != nil {
			t.Fatalf("row %s: status %q", r.Code, r.Status)
		}
		return []int{status}
	}
}

// answers builds the answers of a row of RD Station, in each shape that its column
// extra_fields tells.
func (r row) answers(t testing.TB) []policy.Answer {
	t.Helper()
	item := fmt.Sprintf(`{"error_type":%q,"error_message":%q}`, r.Code, r.Message)
	var bodies []string
	switch {
	case strings.HasPrefix(r.Message, "{"):
		bodies = []string{r.Message}
	case strings.HasPrefix(r.Code, "HTTP "):
		bodies = []string{"", "<html><body>" + r.Message + "</body></html>", r.Message}
	default:
		bodies = []string{
			`{"errors":` + item + `}`, `{"errors":[` + item + `]}`, `[` + item + `]`,
			`{"errors":{"name":[` + item + `]}}`, `{"errors":{"label":{"pt-BR":[` + item + `]}}}`,
		}
	}
	var answers []policy.Answer
	for _, status := range r.statuses(t) {
		for _, body := range bodies {
			answers = append(answers, policy.Answer{Status: status, Header: http.Header{}, Body: []byte(body)})
		}
	}
	return answers
}

// Every row of RD Station is walked from bytes to decision.
func TestCatalogueRows(t *testing.T) {
	v := lookup(t, "rdstation")
	walked := 0
	for _, file := range []string{"catalogue.tsv", "catalogue-beyond-seeds.tsv"} {
		for _, r := range readCatalogue(t, file) {
			if r.Vendor != v.Name() {
				continue
			}
			walked++
			t.Run(r.Code, func(t *testing.T) {
				for _, a := range r.answers(t) {
					f := v.Decode(a)
					if f == nil {
						t.Fatalf("status %d: no failure", a.Status)
					}
					d := v.Policy().Decide(*f, asked)
					got := r
					got.Class, got.Action, got.Applied, got.Scope = d.Class.String(), d.Action.String(), d.Applied.String(), d.Scope.String()
					if diff := cmp.Diff(r, got); diff != "" {
						t.Errorf("status %d, body %s (-want +got):\n%s", a.Status, a.Body, diff)
					}
					if !strings.HasPrefix(r.Code, "HTTP ") && d.Code != r.Code {
						t.Errorf("body %s: code %q; want %q", a.Body, d.Code, r.Code)
					}
				}
			})
		}
	}
	if walked < 30 {
		t.Errorf("walked %d rows: the copies of the catalogue are not whole", walked)
	}
}
