"""A city's vector file of any form: opened, judged feature by feature, mapped and loaded."""
