package standin

import (
	"embed"
	"html/template"
	"net/http"
)

//go:embed pages
var pageFiles embed.FS

// pagePolicy lets a page load its style sheet and nothing else.
const pagePolicy = "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'"

var pageTemplate = template.Must(template.ParseFS(pageFiles, "pages/*.html"))

// Kinds of pages: the template of the same name, and what data-page says.
const (
	pageLogin        = "login"
	pageProvider     = "identity-provider"
	pageOrganization = "organization"
	pageApplication  = "application"
	pageResult       = "result"
	pageSecondFactor = "second-factor"
	pageMessage      = "message"
	pageError        = "error"
	pageOutbox       = "outbox"
	pageMail         = "mail"
)

// choice is one thing to choose or to read: a value and its words.
type choice struct{ Value, Label string }

// database is a connection that asks for e-mail and password.
type database struct {
	Name string
	// SignUp: people may make themselves an account.
	SignUp bool
}

// page is what the templates read; a kind uses some of it.
type page struct {
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
	Connections   []choice
	Databases     []database
	People        []choice
	Factors       []string
	Organizations []choice
	Text          string
	ErrorCode     string
	Person        string
	Claims        string
	Tokens        []choice
	LogoutURL     string
	// Advice is what a person can do about an error.
	Advice string
	// SignUp: the way to make an account comes before the way to sign in.
	SignUp bool
	// Mails are shown newest first; Mail is one of them.
	Mails []numberedMail
	Mail  Mail
	// Style is where the style sheet lies; render fills it in for sign-in.
	Style string
}

// render writes a page. A client that has gone needs no error.
func render(w http.ResponseWriter, status int, p page) {
	if p.Style == "" {
		p.Style = "/login/style.css"
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_ = pageTemplate.ExecuteTemplate(w, "layout", p)
}

func serveStyle(w http.ResponseWriter, r *http.Request) {
	http.ServeFileFS(w, r, pageFiles, "pages/style.css")
}

// numberedMail is a mail with its place in the outbox, from 1.
type numberedMail struct {
	Number int
	Mail
}
