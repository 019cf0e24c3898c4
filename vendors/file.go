package vendors

import (
	"github.com/retrywise/retrywise/internal/yamlfile"
	"github.com/retrywise/retrywise/policy"
)

// The format of a vendor's file. Rules, limits, endpoints and retry bounds are those
// of package policy, with the words of their tags; what else there is stands here.
type file struct {
	At          yamlfile.Pos
	Vendor      string            `yaml:"vendor,required"`
	Title       string            `yaml:"title,required"`
	BaseURL     string            `yaml:"base_url"`
	Documents   []Document        `yaml:"documents,required"`
	Idempotency string            `yaml:"idempotency_header"`
	ErrorsIn2xx bool              `yaml:"errors_in_2xx"` // a success by status may hold an error
	Decode      []shapeRow        `yaml:"decode"`
	Rename      map[string]string `yaml:"rename"` // details under another name than the documented one
	HeaderCodes []headerRow       `yaml:"header_codes"`
	Waits       []waitRow         `yaml:"waits"`
	Codes       []codeRow         `yaml:"codes"`
	Statuses    []statusRow       `yaml:"statuses"`
	Classes     []classRow        `yaml:"classes"`
	Endpoints   []endpointRow     `yaml:"endpoints"`
	Limits      []limitRow        `yaml:"limits"`
	Retry       policy.Retry      `yaml:"retry"`
}

// shapeRow is one way in which a vendor writes errors, in JSON or XML.
type shapeRow struct {
	At      yamlfile.Pos
	In      string `yaml:"in"`      // JSON pointer (RFC 6901) to where they begin; empty: the whole body
	Code    string `yaml:"code"`    // member that holds the code; an object that has it is an error
	Message string `yaml:"message"` // member that holds the text
	Field   string `yaml:"field"`   // member that holds the field's path, where the keys do not tell it
	Texts   bool   `yaml:"texts"`   // plain texts below In are errors without a code
	Is      string `yaml:"is"`      // the value at In has exactly this text…
	Means   string `yaml:"means"`   // …and that means this code
	Needs   string `yaml:"needs"`   // member without which the entry is not for this body
	Adds    bool   `yaml:"adds"`    // read beside what was found before, not only if nothing was
}

// headerRow is a code that is told by a header.
type headerRow struct {
	At       yamlfile.Pos
	Headers  []string `yaml:"headers,required"`
	Contains string   `yaml:"contains,required"`
	Code     string   `yaml:"code,required"`
}

// waitRow is a place where the vendor tells how long to wait: a header or the body.
type waitRow struct {
	At     yamlfile.Pos
	Header string      `yaml:"header"`
	Body   string      `yaml:"body"` // JSON pointer
	Unit   policy.Unit `yaml:"unit,required"`
}

// A codeRow is a rule for a code; its when only narrows it.
type codeRow struct {
	At              yamlfile.Pos
	Code            string `yaml:"code,required"`
	FieldsInMessage string `yaml:"fields_in_message"` // pattern whose first group lists field names
	policy.Rule
}

// A statusRow is a rule for an answer without a code; its when only narrows it.
type statusRow struct {
	At     yamlfile.Pos
	Status policy.StatusRange `yaml:"status,required"`
	policy.Rule
}

// A classRow is a rule for its class; its when only narrows it.
type classRow struct {
	At yamlfile.Pos
	policy.Rule
}

type endpointRow struct {
	At yamlfile.Pos
	policy.Endpoint
}

type limitRow struct {
	At yamlfile.Pos
	policy.Limit
	NamedBy *namedByRow `yaml:"named_by"`
}

// namedByRow is how an answer names a limit: by words in the body.
type namedByRow struct {
	Body     string `yaml:"body,required"` // JSON pointer
	Contains string `yaml:"contains,required"`
}
