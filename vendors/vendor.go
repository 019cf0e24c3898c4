package vendors

import (
	"embed"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/retrywise/retrywise/internal/yamlfile"
	"github.com/retrywise/retrywise/policy"
)

// The vendors that come with the package.
const (
	CustomerGauge = "customergauge"
	Connectif     = "connectif"
	Kleene        = "kleene" // a guide for any source API: the profile for an API without a file of its own
	Playable      = "playable"
	RDStation     = "rdstation"
)

//go:embed catalog/*.yaml
var catalog embed.FS

// A Vendor is what is known of one API. It is immutable, and safe for concurrent use.
type Vendor struct {
	name              string
	title             string
	baseURL           string
	idempotencyHeader string
	errorsIn2xx       bool
	documents         []Document
	policy            policy.Policy
	decoder           decoder
}

// A Document is where a vendor's data was read, and when.
type Document struct {
	URL   string `yaml:"url,required"`
	Read  string `yaml:"read,required"` // the date, as 2026-11-22
	About string `yaml:"about"`
}

// Names returns the names of the vendors that come with the package, sorted.
func Names() []string {
	entries, err := catalog.ReadDir("catalog")
	if err != nil {
		return nil // the folder is embedded: it is there
	}
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), path.Ext(e.Name())))
	}
	return names
}

// Lookup returns the vendor called name, as in Names. An unknown name is an error that
// tells the nearest known one.
func Lookup(name string) (*Vendor, error) {
	data, err := catalog.ReadFile("catalog/" + name + ".yaml")
	if err != nil {
		return nil, fmt.Errorf("vendors: unknown vendor %q%s", name, yamlfile.Suggest(name, Names()))
	}
	return parse(name+".yaml", data)
}

// Parse reads a vendor of your own, in the format of the files in catalog. The error
// tells every problem at once, each with its line and column.
func Parse(data []byte) (*Vendor, error) { return parse("vendor file", data) }

// Name returns the vendor's name, as in an operator's file and in Error.Vendor.
func (v *Vendor) Name() string { return v.name }

// Title returns the vendor's name for a person.
func (v *Vendor) Title() string { return v.title }

// BaseURL returns where the vendor's API is; empty if each account has its own.
func (v *Vendor) BaseURL() string { return v.baseURL }

// IdempotencyHeader returns the header in which the vendor takes an idempotency key;
// empty if it honours none.
func (v *Vendor) IdempotencyHeader() string { return v.idempotencyHeader }

// ErrorsIn2xx reports whether an answer that is a success by its status may hold an
// error, so that Decode is to see it.
func (v *Vendor) ErrorsIn2xx() bool { return v.errorsIn2xx }

// Documents returns where the vendor's data was read.
func (v *Vendor) Documents() []Document { return slices.Clone(v.documents) }

// Policy returns what to do about each failure, by the vendor's own documents.
func (v *Vendor) Policy() policy.Policy { return v.policy }
