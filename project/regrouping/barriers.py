"""Found by syncgroups when the site starts: what the experiment declares is known to workers, too."""

from . import experiment as experiment
