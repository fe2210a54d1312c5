package cli

import (
	"github.com/spf13/cobra"
)

func newOrderShow(e *Env) *cobra.Command {
	var policy string
	c := &cobra.Command{
		Use:   "show FILE",
		Short: "show all that an order says",
		Long: `Shows everything that an order says: every bundle with its day and rule, every rule with its citation, what goes along,
which copies are in other hands, who signed, and the SHA-256 of what is signed, to be compared by voice. Officers
read it before they sign. It needs no archive.

With --policy the signatures are judged as of now: the exit status is 4 until two officers whom it trusts with
disposals have signed.`,
		Example: `  kartoteka order show order.json
  kartoteka order show order.json --policy policy.json`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return e.showOrder(args[0], policy) },
	}
	c.Flags().StringVar(&policy, "policy", "", "judge the signatures by this policy `file`")
	return c
}

func (e *Env) showOrder(name, policy string) error {
	pinned, err := judging{policy: policy}.pinned()
	if err != nil {
		return err
	}
	f, err := readOrder(name)
	if err != nil {
		return err
	}
	plan := f.plan()
	if pinned != nil {
		_, _, err = pinned.Order(f.data, e.Now())
		holds := err == nil
		plan.Holds = &holds
	}
	if perr := e.print(plan, func() { e.planText(plan, true) }); perr != nil {
		return perr
	}
	if pinned != nil && err == nil {
		e.say("the signatures hold")
	}
	return err
}
