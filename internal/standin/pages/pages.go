package pages

import (
	"embed"
	"html/template"
	"net/http"

	"github.com/seatwarden/seatwarden/internal/standin/state"
)

//go:embed *.html style.css
var pageFiles embed.FS

// PagePolicy lets a page load its style sheet and nothing else.
const PagePolicy = "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'"

var pageTemplate = template.Must(template.ParseFS(pageFiles, "*.html"))

// Kinds of pages: the template of the same name, and what data-page says.
const (
	PageLogin        = "login"
	PageProvider     = "identity-provider"
	PageOrganization = "organization"
	PageApplication  = "application"
	PageResult       = "result"
	PageSecondFactor = "second-factor"
	PageMessage      = "message"
	PageError        = "error"
	PageOutbox       = "outbox"
	PageMail         = "mail"
)

// Choice is one thing to choose or to read: a value and its words.
type Choice struct{ Value, Label string }

// Database is a connection that asks for e-mail and password.
type Database struct {
	Name string
	// SignUp: people may make themselves an account.
	SignUp bool
}

// Page is what the templates read; a kind uses some of it.
type Page struct {
	Kind, Title   string
	State         string
	Application   string
	ClientID      string
	Organization  string
	Inviter       string
	Email         string
	Problem       string
	Connection    string
	Strategy      string
	Connections   []Choice
	Databases     []Database
	People        []Choice
	Factors       []string
	Organizations []Choice
	Text          string
	ErrorCode     string
	Person        string
	Claims        string
	Tokens        []Choice
	LogoutURL     string
	// Advice is what a person can do about an error.
	Advice string
	// SignUp: the way to make an account comes before the way to sign in.
	SignUp bool
	// Mails are shown newest first; Mail is one of them.
	Mails []NumberedMail
	Mail  state.Mail
	// Style is where the style sheet lies; render fills it in for sign-in.
	Style string
}

// Render writes a page. A client that has gone needs no error.
func Render(w http.ResponseWriter, status int, p Page) {
	if p.Style == "" {
		p.Style = "/login/style.css"
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_ = pageTemplate.ExecuteTemplate(w, "layout", p)
}

// ServeStyle answers with the style sheet.
func ServeStyle(w http.ResponseWriter, r *http.Request) {
	http.ServeFileFS(w, r, pageFiles, "style.css")
}

// NumberedMail is a mail with its place in the outbox, from 1.
type NumberedMail struct {
	Number int
	state.Mail
}
