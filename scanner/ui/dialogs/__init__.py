"""What staff type: one form a module, all of them over `form.Form`. A form forgets what was typed once it was taken."""
