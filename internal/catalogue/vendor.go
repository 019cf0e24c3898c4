package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/internal/yamlfile"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/vendors"
)

// A vendor is a vendor's file: what it means, and what it lists.
type vendor struct {
	*vendors.Vendor
	rows    rows
	profile policy.Profile
	codes   map[string]yamlfile.Pos
	named   map[string]bool // headers
}

// rows are those keys of a vendor's file from which package vendors does not say what it read.
type rows struct {
	Decode []struct {
		Means string `yaml:"means"`
	} `yaml:"decode"`
	HeaderCodes []struct {
		Headers []string `yaml:"headers"`
		Code    string   `yaml:"code"`
	} `yaml:"header_codes"`
	Codes []struct {
		At   yamlfile.Pos
		Code string  `yaml:"code"`
		When whenRow `yaml:"when"`
	} `yaml:"codes"`
	Statuses []struct {
		Status policy.StatusRange `yaml:"status"`
		When   whenRow            `yaml:"when"`
	} `yaml:"statuses"`
	Waits []struct {
		Header string `yaml:"header"`
	} `yaml:"waits"`
	Limits []struct {
		Headers struct {
			Header    string `yaml:"header"`
			Limit     string `yaml:"limit"`
			Remaining string `yaml:"remaining"`
			Reset     string `yaml:"reset"`
		} `yaml:"headers"`
		NamedBy struct {
			Header string `yaml:"header"`
		} `yaml:"named_by"`
	} `yaml:"limits"`
	Verdict struct {
		Header string `yaml:"header"`
	} `yaml:"verdict"`
	Idempotency struct {
		At       yamlfile.Pos
		InFlight []string `yaml:"in_flight"`
		Mismatch []string `yaml:"mismatch"`
	} `yaml:"idempotency"`
}

type whenRow struct {
	Headers []string `yaml:"headers"`
}

// readVendor reads the file of a vendor in the folder, or the one that name is the path of.
func readVendor(name, folder string) (*vendor, error) {
	path := name
	if filepath.Ext(name) == "" && !strings.ContainsRune(name, filepath.Separator) {
		path = filepath.Join(folder, name+".yaml")
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("%w%s", err, yamlfile.Suggest(name, vendors.Names()))
	}
	parsed, err := vendors.Parse(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	v := &vendor{Vendor: parsed, profile: parsed.Profile(), codes: map[string]yamlfile.Pos{}, named: map[string]bool{}}
	// Parse has checked the file, so what is left over are the keys that rows does not have.
	if _, err := yamlfile.Read(filepath.Base(path), data, &v.rows); err != nil {
		return nil, err
	}
	v.listCodes()
	v.nameHeaders()
	return v, nil
}

func (v *vendor) listCodes() {
	for _, row := range v.rows.Codes {
		if _, isListed := v.codes[row.Code]; !isListed {
			v.codes[row.Code] = row.At
		}
	}
	for _, code := range slices.Concat(v.rows.Idempotency.InFlight, v.rows.Idempotency.Mismatch) {
		v.codes[code] = v.rows.Idempotency.At
	}
}

func (v *vendor) nameHeaders() {
	names := []string{v.rows.Verdict.Header}
	for _, row := range v.rows.HeaderCodes {
		names = append(names, row.Headers...)
	}
	for _, row := range v.rows.Codes {
		names = append(names, row.When.Headers...)
	}
	for _, row := range v.rows.Statuses {
		names = append(names, row.When.Headers...)
	}
	for _, row := range v.rows.Waits {
		names = append(names, row.Header)
	}
	for _, row := range v.rows.Limits {
		h := row.Headers
		names = append(names, h.Header, h.Limit, h.Remaining, h.Reset, row.NamedBy.Header)
	}
	for _, name := range names {
		v.named[http.CanonicalHeaderKey(name)] = true
	}
}

// coins reports whether a code is the file's own word for something that has no code.
func (v *vendor) coins(code string) bool {
	for _, row := range v.rows.HeaderCodes {
		if row.Code == code {
			return true
		}
	}
	for _, row := range v.rows.Decode {
		if row.Means == code {
			return true
		}
	}
	return false
}

// hasStatus reports whether the file has a row for a status.
func (v *vendor) hasStatus(status int) bool {
	for _, row := range v.rows.Statuses {
		if row.Status.Contains(status) {
			return true
		}
	}
	return false
}

// codesIn returns the codes that the file reads from a response, and whether that is a failure.
func (v *vendor) codesIn(o operation, status int, body any) (codes []string, isFailure bool) {
	data, err := json.Marshal(body)
	if err != nil {
		return nil, false
	}
	f := v.Decode(policy.Answer{
		Status: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: data,
		Method: o.method, Path: o.path,
	})
	if f == nil {
		return nil, false
	}
	codes = slices.Clone(f.General)
	for _, item := range f.Items {
		if item.Code != "" {
			codes = append(codes, item.Code)
		}
	}
	return codes, true
}

// builtInClass returns the class that a status has by the built-in rules, or a word in its place.
func builtInClass(status int) string {
	class := policy.Default().Decide(policy.Failure{Status: status}, policy.State{}).Class
	if status == 0 || class == apierrors.Unknown {
		return "CLASS"
	}
	return class.String()
}
