package vendors

import (
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/internal/yamlfile"
	"github.com/retrywise/retrywise/policy"
)

// The format of a vendor's file. Its words are explained where they are compiled, and
// in CONTRIBUTING.md; catalog/rdstation.yaml shows most of them at work.

type file struct {
	yamlfile.Pos
	Vendor      string        `yaml:"vendor,required"`
	Title       string        `yaml:"title,required"`
	BaseURL     string        `yaml:"base_url"`
	Documents   []documentRow `yaml:"documents,required"`
	Idempotency string        `yaml:"idempotency_header"`
	Decode      []decodeRow   `yaml:"decode"`
	HeaderCodes []headerRow   `yaml:"header_codes"`
	Waits       []waitRow     `yaml:"waits"`
	Codes       []codeRow     `yaml:"codes"`
	Statuses    []statusRow   `yaml:"statuses"`
	Classes     []classRow    `yaml:"classes"`
	Endpoints   []endpointRow `yaml:"endpoints"`
	Limits      []limitRow    `yaml:"limits"`
	Retry       retryRow      `yaml:"retry"`
}

type documentRow struct {
	URL   string `yaml:"url,required"`
	Read  string `yaml:"read,required"`
	About string `yaml:"about"`
}

// decodeRow says where errors stand in a JSON body.
type decodeRow struct {
	yamlfile.Pos
	In      string `yaml:"in"`      // JSON pointer (RFC 6901) to where they begin; empty: the whole body
	Code    string `yaml:"code"`    // member that holds the code; an object that has it is an error
	Message string `yaml:"message"` // member that holds the text
	Field   string `yaml:"field"`   // member that holds the field's path, where the keys do not tell it
	Texts   bool   `yaml:"texts"`   // plain texts below In are errors without a code
	Needs   string `yaml:"needs"`   // member without which the entry is not for this body
}

// headerRow is a code that is told by a header.
type headerRow struct {
	yamlfile.Pos
	Headers  []string `yaml:"headers,required"`
	Contains string   `yaml:"contains,required"`
	Code     string   `yaml:"code,required"`
}

// waitRow is a place where the vendor tells how long to wait: a header or the body.
type waitRow struct {
	yamlfile.Pos
	Header string      `yaml:"header"`
	Body   string      `yaml:"body"` // JSON pointer
	Unit   policy.Unit `yaml:"unit,required"`
}

// ruleRow is what a code, a status or a class may say.
type ruleRow struct {
	Class              apierrors.Class   `yaml:"class"`
	Action             apierrors.Action  `yaml:"action"`
	Otherwise          apierrors.Action  `yaml:"otherwise"`
	Applied            apierrors.Applied `yaml:"applied"`
	Scope              apierrors.Scope   `yaml:"scope"`
	Text               string            `yaml:"text"`
	Hint               string            `yaml:"hint"`
	MaxAttempts        int               `yaml:"max_attempts"`
	Backoff            backoffRow        `yaml:"backoff"`
	MaxElapsed         yamlfile.Duration `yaml:"max_elapsed"`
	After              yamlfile.Duration `yaml:"after"`
	AcceptAfterUnknown bool              `yaml:"accept_after_unknown"`
	Methods            []string          `yaml:"methods"`
	Path               string            `yaml:"path"`
}

type codeRow struct {
	yamlfile.Pos
	Code            string `yaml:"code,required"`
	FieldsInMessage string `yaml:"fields_in_message"` // pattern whose first group lists field names
	ruleRow
}

type statusRow struct {
	yamlfile.Pos
	Status policy.StatusRange `yaml:"status,required"`
	ruleRow
}

type classRow struct {
	yamlfile.Pos
	ruleRow
}

type backoffRow struct {
	Base yamlfile.Duration `yaml:"base,required"`
	Cap  yamlfile.Duration `yaml:"cap,required"`
}

type endpointRow struct {
	yamlfile.Pos
	Methods    []string `yaml:"methods"`
	Path       string   `yaml:"path"`
	Repeatable *bool    `yaml:"repeatable,required"`
}

type limitRow struct {
	yamlfile.Pos
	Name    string          `yaml:"name,required"`
	Scope   apierrors.Scope `yaml:"scope,required"`
	Rate    policy.Rate     `yaml:"rate,required"`
	Burst   int             `yaml:"burst"`
	Methods []string        `yaml:"methods"`
	Path    string          `yaml:"path"`
	Off     bool            `yaml:"off"`
	NamedBy *namedByRow     `yaml:"named_by"`
}

// namedByRow is how an answer names a limit: by words in the body.
type namedByRow struct {
	Body     string `yaml:"body,required"` // JSON pointer
	Contains string `yaml:"contains,required"`
}

type retryRow struct {
	MaxAttempts    int               `yaml:"max_attempts"`
	Backoff        backoffRow        `yaml:"backoff"`
	MaxElapsed     yamlfile.Duration `yaml:"max_elapsed"`
	MaxWait        yamlfile.Duration `yaml:"max_wait"`
	AttemptTimeout yamlfile.Duration `yaml:"attempt_timeout"`
}
